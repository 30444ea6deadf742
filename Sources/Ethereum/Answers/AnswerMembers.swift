/// The members of a kind of object that are read; the cases are named as the members are, in 24
/// bytes at most.
protocol AnswerMember: RawRepresentable<Int>, CaseIterable, Sendable {
  static var names: MemberNames<Self> { get }
}

/// A name of a member, comparable in a few instructions: its length, and its first 24 bytes as they
/// stand in memory, or with zeros behind them.
private struct MemberName {
  static let byteCount = 24

  private let count: Int
  private let words: (UInt64, UInt64, UInt64)

  @inline(__always)
  init(_ name: AnswerReader.Text, in bytes: RawSpan) {
    precondition(name.lowerBound >= 0 && name.upperBound <= bytes.byteCount, "it lies inside")
    count = name.count
    let start = name.lowerBound
    if bytes.byteCount &- start >= Self.byteCount {
      // So many remain; those behind the name are cleared.
      @inline(__always) func word(_ index: Int) -> UInt64 {
        let rest = name.count &- 8 &* index
        guard rest > 0 else { return 0 }
        let word = bytes.unsafeLoadUnaligned(
          fromUncheckedByteOffset: start &+ 8 &* index, as: UInt64.self)
        let mask = rest >= 8 ? .max : 1 &<< UInt64(8 &* rest) &- 1
        return word & UInt64(littleEndian: mask)
      }
      words = (word(0), word(1), word(2))
    } else {
      var words: (UInt64, UInt64, UInt64) = (0, 0, 0)
      withUnsafeMutableBytes(of: &words) { words in
        bytes.extracting(name).withUnsafeBytes { words.copyMemory(from: $0) }
      }
      self.words = words
    }
  }

  @inline(__always)
  static func == (a: MemberName, b: MemberName) -> Bool {
    UInt64(bitPattern: Int64(a.count ^ b.count)) | (a.words.0 ^ b.words.0)
      | (a.words.1 ^ b.words.1) | (a.words.2 ^ b.words.2) == 0
  }

  /// One of 64 slots.
  @inline(__always)
  func slot(_ factor: UInt64) -> Int {
    let mixed = words.0 ^ words.1 &* 3 ^ words.2 &* 5
    return Int(truncatingIfNeeded: (mixed &* factor) &>> 58)
  }
}

/// Finds the member of a name, by a factor that sends no two names to the same slot.
struct MemberNames<Member: AnswerMember>: Sendable {
  private let factor: UInt64
  /// The name and the member in each slot.
  private let slots: [(name: MemberName, member: Member)?]

  init() {
    let names = Member.allCases.map { member in
      let text = Array("\(member)".utf8)
      precondition(text.count <= MemberName.byteCount, "no name is longer")
      return (name: MemberName(0..<text.count, in: text.span.bytes), member: member)
    }
    precondition(names.count <= AnswerMembers<Member>.capacity, "there is room for each")
    // One of some hundred factors serves as many names as there are.
    var factor: UInt64 = 0x9e37_79b9_7f4a_7c15
    while Set(names.map { $0.name.slot(factor) }).count < names.count {
      factor = factor &* 0x5851_f42d_4c95_7f2d &+ 2
    }
    var slots = [(name: MemberName, member: Member)?](repeating: nil, count: 64)
    for name in names { slots[name.name.slot(factor)] = name }
    self.factor = factor
    self.slots = slots
  }

  @inline(__always)
  func member(named name: AnswerReader.Text, in reader: borrowing AnswerReader) -> Member? {
    let name = MemberName(name, in: reader.bytes)
    guard let candidate = slots[name.slot(factor)], candidate.name == name else { return nil }
    return candidate.member
  }
}

/// Where the values of an object's members stand.
struct AnswerMembers<Member: AnswerMember> {
  static var capacity: Int { 32 }

  private var texts = InlineArray<32, AnswerReader.Text>(repeating: 0..<0)
  /// A bit for each member that is there.
  private var present: UInt32 = 0

  @inline(__always)
  subscript(member: Member) -> AnswerReader.Text? {
    present & 1 &<< UInt32(member.rawValue) == 0 ? nil : texts[member.rawValue]
  }

  mutating func removeAll() { present = 0 }

  /// Notes a value; `null` is none. A name that comes twice is refused: readers would differ in
  /// which of the two they take.
  @inline(__always)
  mutating func set(_ member: Member, _ text: AnswerReader.Text?) throws(AnswerError) {
    guard self[member] == nil else { throw .duplicate("\(member)") }
    guard let text else { return }
    texts[member.rawValue] = text
    present |= 1 &<< UInt32(member.rawValue)
  }

  @inline(__always)
  func required(_ member: Member) throws(AnswerError) -> AnswerReader.Text {
    guard let text = self[member] else { throw .missing("\(member)") }
    return text
  }
}
