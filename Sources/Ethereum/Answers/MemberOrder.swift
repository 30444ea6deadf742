/// The order in which an object's members came, kept for the next object of the kind: a node writes
/// all of them alike, so that a name is held against the one that is expected, at once and without
/// a branch, and looked up only where it is another. Bench: `EVM receipts decoded and matched`.
struct MemberOrder<Member: AnswerMember> {
  private var expected = [Expectation](repeating: Expectation(), count: 32)
  /// Of the next member, from where on it is expected.
  private var place = 0

  private struct Expectation {
    var name = WrittenName()
    var member: Member?
  }

  /// What comes next in an open object.
  enum Next {
    /// A member, its value to be read or skipped; nil where it has another name than all of them.
    case member(Member?)
    case end
  }

  /// Steps into the object that comes next.
  mutating func open(_ reader: inout AnswerReader) throws(AnswerError) {
    try reader.openObject()
    place = 0
  }

  @inline(__always)
  mutating func next(_ reader: inout AnswerReader) throws(AnswerError) -> Next {
    let index = place & 31
    place &+= 1
    if reader.skipName(expected[index].name) { return .member(expected[index].member) }
    return try learn(&reader, at: index)
  }

  @inline(never)
  private mutating func learn(
    _ reader: inout AnswerReader, at index: Int
  ) throws(AnswerError) -> Next {
    guard let text = try reader.nextMember() else { return .end }
    let member = Member.names.member(named: text, in: reader)
    expected[index] = Expectation(name: WrittenName(text, in: reader.bytes), member: member)
    return .member(member)
  }
}

/// A name as it stands in an object, with its quotes and the colon: its words in memory, and which
/// of their bits count.
struct WrittenName {
  static let byteCount = 24

  private(set) var words: (UInt64, UInt64, UInt64) = (0, 0, 0)
  private(set) var masks: (UInt64, UInt64, UInt64) = (0, 0, 0)
  /// Zero where it is never expected.
  private(set) var count = 0

  init() {}

  /// Of a name between its quotes in `bytes`. Never expected where it is long.
  init(_ name: AnswerReader.Text, in bytes: RawSpan) {
    guard name.count + 3 <= Self.byteCount else { return }
    withUnsafeMutableBytes(of: &words) { words in
      // With its two quotes and the colon it fits, as was checked.
      words[0] = UInt8(ascii: "\"")
      bytes.extracting(name).withUnsafeBytes {
        UnsafeMutableRawBufferPointer(rebasing: words[1...]).copyMemory(from: $0)
      }
      words[name.count + 1] = UInt8(ascii: "\"")
      words[name.count + 2] = UInt8(ascii: ":")
    }
    withUnsafeMutableBytes(of: &masks) { masks in
      for index in 0..<name.count + 3 { masks[index] = 0xff }
    }
    count = name.count + 3
  }
}
