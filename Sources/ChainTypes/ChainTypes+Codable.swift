internal import Bytes

extension ChainName: Codable {
  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let text = try container.decode(String.self)
    guard let name = ChainName(text) else {
      throw DecodingError.dataCorruptedError(
        in: container, debugDescription: "not a chain: \(text)")
    }
    self = name
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(text)
  }
}

extension Timestamp: Codable {
  package init(from decoder: any Decoder) throws {
    microseconds = try decoder.singleValueContainer().decode(Int64.self)
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(microseconds)
  }
}

extension TransferID: Codable {
  private enum Key: String, CodingKey { case chain, txid, vout, position }

  package init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    let position: TransferPosition
    if let text = try container.decodeIfPresent(String.self, forKey: .position) {
      guard let known = TransferPosition(text) else {
        throw DecodingError.dataCorruptedError(
          forKey: .position, in: container, debugDescription: "not a position: \(text)")
      }
      position = known
    } else {
      position = .vout(try container.decode(UInt32.self, forKey: .vout))
    }
    try self.init(
      chain: container.decode(ChainName.self, forKey: .chain),
      txid: container.decode(Hash32.self, forKey: .txid), position: position)
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(chain, forKey: .chain)
    try container.encode(txid, forKey: .txid)
    switch position {
    case .vout(let vout): try container.encode(vout, forKey: .vout)
    case .value, .log, .trace: try container.encode(position.description, forKey: .position)
    }
  }
}
