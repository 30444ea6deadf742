internal import Bitcoin
internal import Bytes
internal import ChainTypes
internal import JSON
internal import NodeRPC

extension NodeView {
  /// `scantxoutset`'s `start` for `raw(…)`: the unspent outputs of the active chain,
  /// without the mempool, as Bitcoin Core 30 answers.
  func scanCoins(_ objects: [JSONValue]) throws(RPCNodeError) -> JSONValue {
    var scripts: Set<[UInt8]> = []
    for object in objects { scripts.insert(try Self.script(of: object)) }
    let found = machine.coins.coins.filter { scripts.contains($0.value.output.scriptPubKey) }
      .sorted { ($0.key.txid.displayHex, $0.key.vout) < ($1.key.txid.displayHex, $1.key.vout) }
    let total = found.reduce(UInt64(0)) { $0 + $1.value.output.value }
    return .object([
      .init("success", .bool(true)),
      .init("txouts", .integer(machine.coins.coins.count)),
      .init("height", .integer(machine.tip.height)),
      .init("bestblock", .displayHash(machine.tip.hash)),
      .init("unspents", .array(found.map { unspent($0.key, $0.value) })),
      .init("total_amount", .bitcoin(total)),
    ])
  }

  private func unspent(_ outpoint: Outpoint, _ coin: Coin) -> JSONValue {
    let script = ScriptJSON.scriptPubKey(coin.output.scriptPubKey)
    var members: [JSONValue.Member] = [
      .init("txid", .displayHash(outpoint.txid)), .init("vout", .integer(outpoint.vout)),
      .init("scriptPubKey", .string(Hex.encode(coin.output.scriptPubKey))),
      .init("desc", script["desc"] ?? .null), .init("amount", .bitcoin(coin.output.value)),
      .init("coinbase", .bool(coin.isCoinbase)), .init("height", .integer(coin.height)),
    ]
    if let block = machine.block(at: coin.height) {
      members.append(.init("blockhash", .displayHash(block.hash)))
    }
    members.append(
      .init("confirmations", .integer(Int64(machine.tip.height) - Int64(coin.height) + 1)))
    return .object(members)
  }

  private static func script(of object: JSONValue) throws(RPCNodeError) -> [UInt8] {
    let text = object.string ?? object["desc"]?.string ?? ""
    guard text.hasPrefix("raw("), text.hasSuffix(")"),
      let script = try? Hex.decode(String(text.dropFirst(4).dropLast()))
    else {
      throw RPCNodeError(code: -5, message: "Invalid descriptor '\(text.prefix(100))'")
    }
    return script
  }
}
