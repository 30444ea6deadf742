internal import Addresses
internal import Bytes

// One run of bytes, for a store: the list of the header, the index, both branches and the balances'
// proofs, each a list of address, parent's header and both branches.
extension ExecutionProof {
  package var rlp: [UInt8] {
    var writer = RLPWriter()
    writer.appendList { writer in
      writer.append(header)
      writer.append(UInt64(index))
      writer.append(nodes: transactionNodes)
      writer.append(nodes: receiptNodes)
      writer.appendList { writer in
        for balance in balances {
          writer.appendList { writer in
            writer.append(balance.address)
            writer.append(balance.parentHeader)
            writer.append(nodes: balance.before)
            writer.append(nodes: balance.after)
          }
        }
      }
    }
    return writer.bytes
  }

  package init(rlp bytes: RawSpan) throws(RLPError) {
    var reader = try RLPReader(list: bytes)
    header = try reader.readBytes()
    let place = reader.offset
    guard let index = UInt32(exactly: try reader.readUInt64()) else {
      throw .tooLarge(offset: place)
    }
    self.index = index
    transactionNodes = try reader.readNodes()
    receiptNodes = try reader.readNodes()
    var balances: [BalanceProof] = []
    var list = RLPReader(bytes, range: try reader.readList().payload)
    while !list.isAtEnd {
      var balance = RLPReader(bytes, range: try list.readList().payload)
      balances.append(
        BalanceProof(
          address: try balance.readAddress(), parentHeader: try balance.readBytes(),
          before: try balance.readNodes(), after: try balance.readNodes()))
      try balance.expectEnd()
    }
    self.balances = balances
    try reader.expectEnd()
  }
}

extension RLPWriter {
  fileprivate mutating func append(nodes: [[UInt8]]) {
    appendList { writer in
      for node in nodes { writer.append(node) }
    }
  }
}

extension RLPReader {
  fileprivate mutating func readNodes() throws(RLPError) -> [[UInt8]] {
    var list = RLPReader(bytes, range: try readList().payload)
    var nodes: [[UInt8]] = []
    while !list.isAtEnd { nodes.append(try list.readBytes()) }
    return nodes
  }
}
