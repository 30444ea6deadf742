import Bytes
import Ethereum
import JSON

/// RLP as a tree: the plain decoder and encoder that the reader and writer are held against.
indirect enum RLPValue: Equatable {
  case string([UInt8])
  case list([RLPValue])

  init(decoding bytes: [UInt8]) throws(RLPError) {
    _ = try RLPItem(validating: bytes.span.bytes)
    var reader = RLPReader(bytes.span.bytes)
    self = try Self.read(&reader, from: bytes)
  }

  private static func read(
    _ reader: inout RLPReader, from bytes: [UInt8]
  ) throws(RLPError) -> RLPValue {
    let item = try reader.readItem()
    guard item.isList else { return .string(Array(bytes[item.payload])) }
    var inner = reader.reader(of: item)
    var members: [RLPValue] = []
    while !inner.isAtEnd { members.append(try read(&inner, from: bytes)) }
    return .list(members)
  }

  func append(to writer: inout RLPWriter) {
    switch self {
    case .string(let bytes): writer.append(bytes)
    case .list(let members):
      writer.appendList { writer in
        for member in members { member.append(to: &writer) }
      }
    }
  }

  var encoded: [UInt8] {
    var writer = RLPWriter()
    append(to: &writer)
    return writer.bytes
  }
}
