internal import Glibc

/// The members of a kind of object that are read; the cases are named as the members are.
protocol AnswerMember: RawRepresentable<Int>, CaseIterable, Sendable {
  static var names: MemberNames<Self> { get }
}

/// Finds the member of a name.
struct MemberNames<Member: AnswerMember>: Sendable {
  private static var maximumLength: Int { 32 }
  /// By the length of the name.
  private let candidates: [[(name: [UInt8], member: Member)]]

  init() {
    var candidates = [[(name: [UInt8], member: Member)]](
      repeating: [], count: Self.maximumLength + 1)
    for member in Member.allCases {
      let name = Array("\(member)".utf8)
      candidates[name.count].append((name, member))
    }
    self.candidates = candidates
  }

  func member(named name: AnswerReader.Text, in reader: borrowing AnswerReader) -> Member? {
    guard name.count <= Self.maximumLength else { return nil }
    return reader.bytes.withUnsafeBytes { bytes in
      guard let base = bytes.baseAddress else { return nil }
      for candidate in candidates[name.count]
      where memcmp(base + name.lowerBound, candidate.name, name.count) == 0 {
        return candidate.member
      }
      return nil
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
