/// The members of a kind of object that are read; the cases are named as the members are.
protocol AnswerMember: RawRepresentable<Int>, CaseIterable, Sendable {
  static var names: MemberNames<Self> { get }
}

/// Finds the member of a name. All names lie in one run of bytes, those of one length together, so
/// that a look-up compares a few of them and touches no reference counts.
struct MemberNames<Member: AnswerMember>: Sendable {
  private static var maximumLength: Int { 31 }

  /// Each name in as many bytes as the longest may have, in the order of their lengths.
  private let names: [UInt8]
  private let members: [Member]
  /// Where the names of each length begin among them, and one more.
  private let starts: [Int]

  init() {
    let sorted = Member.allCases.map { (name: Array("\($0)".utf8), member: $0) }
      .sorted { $0.name.count < $1.name.count }
    names = sorted.flatMap {
      $0.name + [UInt8](repeating: 0, count: Self.maximumLength - $0.name.count)
    }
    members = sorted.map(\.member)
    starts = (0...Self.maximumLength + 1).map { length in
      sorted.count { $0.name.count < length }
    }
  }

  func member(named name: AnswerReader.Text, in reader: borrowing AnswerReader) -> Member? {
    guard name.count <= Self.maximumLength else { return nil }
    return names.withUnsafeBytes { names in
      reader.bytes.withUnsafeBytes { bytes in
        let text = UnsafeRawBufferPointer(rebasing: bytes[name])
        for index in starts[name.count]..<starts[name.count + 1] {
          let start = index * Self.maximumLength
          let candidate = UnsafeRawBufferPointer(rebasing: names[start..<start + name.count])
          if Self.areEqual(text, candidate) { return members[index] }
        }
        return nil
      }
    }
  }

  /// Whether both, which are equally long, hold the same: eight bytes at a time, the last eight of
  /// which may overlap those before.
  @inline(__always)
  private static func areEqual(_ a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer) -> Bool {
    guard a.count >= 8 else { return a.elementsEqual(b) }
    var offset = a.count &- 8
    while true {
      let (left, right) = (
        a.loadUnaligned(fromByteOffset: offset, as: UInt64.self),
        b.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
      )
      guard left == right else { return false }
      if offset == 0 { return true }
      offset = max(0, offset &- 8)
    }
  }
}

/// Where the values of an object's members stand.
struct AnswerMembers<Member: AnswerMember> {
  private var texts: [AnswerReader.Text?]

  init() { texts = Array(repeating: nil, count: Member.allCases.count) }

  subscript(member: Member) -> AnswerReader.Text? { texts[member.rawValue] }

  mutating func removeAll() {
    for index in texts.indices { texts[index] = nil }
  }

  /// Notes a value; `null` is none. A name that comes twice is refused: readers would differ in
  /// which of the two they take.
  mutating func set(_ member: Member, _ text: AnswerReader.Text?) throws(AnswerError) {
    guard texts[member.rawValue] == nil else { throw .duplicate("\(member)") }
    texts[member.rawValue] = text
  }

  func required(_ member: Member) throws(AnswerError) -> AnswerReader.Text {
    guard let text = texts[member.rawValue] else { throw .missing("\(member)") }
    return text
  }
}
