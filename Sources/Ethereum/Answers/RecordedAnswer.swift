package import Bytes

/// An answer of a node that was kept in a file, told by its shape: about which block it is.
package struct RecordedAnswer: Hashable, Sendable {
  package let content: Content
  /// Where the `result` stands in the file's bytes.
  package let range: Range<Int>

  package enum Content: Hashable, Sendable {
    /// A block that names this hash; with whole transactions, or their hashes alone.
    case block(Hash32, hasTransactions: Bool)
    /// A block's receipts, or logs of one block; none for an empty list, which may be either.
    case receipts(block: Hash32)
    case logs(block: Hash32)
    case empty
    /// `null`, an error, or an answer about something else.
    case other
  }

  /// The answers in a file: an envelope of JSON-RPC, a batch of them, or a bare result.
  package static func all(in bytes: RawSpan) throws(AnswerError) -> [RecordedAnswer] {
    var reader = AnswerReader(bytes)
    var answers: [RecordedAnswer] = []
    if try reader.peek() == UInt8(ascii: "["), try isBatch(bytes) {
      try reader.openArray()
      while try reader.nextElement() { answers.append(try readEnvelope(&reader)) }
    } else {
      answers.append(try readEnvelope(&reader))
    }
    try reader.expectEnd()
    return answers
  }

  private static func isBatch(_ bytes: RawSpan) throws(AnswerError) -> Bool {
    var reader = AnswerReader(bytes)
    try reader.openArray()
    guard try reader.nextElement(), try reader.peek() == UInt8(ascii: "{") else { return false }
    try reader.openObject()
    while let name = try reader.nextMember() {
      if reader.string(name) == "jsonrpc" { return true }
      try reader.skipValue()
    }
    return false
  }

  /// An envelope's result, or the value itself where it is none.
  private static func readEnvelope(_ reader: inout AnswerReader) throws(AnswerError)
    -> RecordedAnswer
  {
    guard try reader.peek() == UInt8(ascii: "{") else { return try readResult(&reader) }
    let start = reader.offset
    var shape = BlockShape()
    var result: RecordedAnswer?
    var isEnvelope = false
    try reader.openObject()
    while let name = try reader.nextMember() {
      switch reader.string(name) {
      case "jsonrpc":
        isEnvelope = true
        try reader.skipValue()
      case "result":
        _ = try reader.peek()
        result = try readResult(&reader)
      case let name: try shape.read(name, &reader)
      }
    }
    if let result { return result }
    return RecordedAnswer(
      content: isEnvelope ? .other : shape.content, range: start..<reader.offset)
  }

  private static func readResult(_ reader: inout AnswerReader) throws(AnswerError)
    -> RecordedAnswer
  {
    let first = try reader.peek()
    let start = reader.offset
    let content: Content
    switch first {
    case UInt8(ascii: "{"):
      var shape = BlockShape()
      try reader.openObject()
      while let name = try reader.nextMember() { try shape.read(reader.string(name), &reader) }
      content = shape.content
    case UInt8(ascii: "["): content = try readList(&reader)
    default:
      try reader.skipValue()
      content = .other
    }
    return RecordedAnswer(content: content, range: start..<reader.offset)
  }

  /// Receipts or logs, all of one block.
  private static func readList(_ reader: inout AnswerReader) throws(AnswerError) -> Content {
    var block: Hash32?
    var (count, receiptCount, logCount) = (0, 0, 0)
    var isOfOneBlock = true
    try reader.openArray()
    while try reader.nextElement() {
      count += 1
      guard try reader.peek() == UInt8(ascii: "{") else {
        try reader.skipValue()
        continue
      }
      try reader.openObject()
      while let name = try reader.nextMember() {
        switch reader.string(name) {
        case "cumulativeGasUsed":
          receiptCount += 1
          try reader.skipValue()
        case "topics":
          logCount += 1
          try reader.skipValue()
        case "blockHash":
          let hash = try reader.readHash32("blockHash")
          if let block, block != hash { isOfOneBlock = false }
          block = hash
        default: try reader.skipValue()
        }
      }
    }
    if count == 0 { return .empty }
    guard let block, isOfOneBlock else { return .other }
    if receiptCount == count { return .receipts(block: block) }
    return logCount == count ? .logs(block: block) : .other
  }

  /// What tells a block from other objects.
  private struct BlockShape {
    private var hash: Hash32?
    private var hasTransactionsRoot = false
    private var hasTransactions: Bool?

    mutating func read(_ name: String, _ reader: inout AnswerReader) throws(AnswerError) {
      switch name {
      case "hash": hash = try reader.readHash32("hash")
      case "transactionsRoot":
        hasTransactionsRoot = true
        try reader.skipValue()
      case "transactions":
        guard try reader.peek() == UInt8(ascii: "[") else { return try reader.skipValue() }
        hasTransactions = true
        try reader.openArray()
        while try reader.nextElement() {
          if try reader.peek() == UInt8(ascii: "\"") { hasTransactions = false }
          try reader.skipValue()
        }
      default: try reader.skipValue()
      }
    }

    var content: Content {
      guard let hash, hasTransactionsRoot, let hasTransactions else { return .other }
      return .block(hash, hasTransactions: hasTransactions)
    }
  }
}
