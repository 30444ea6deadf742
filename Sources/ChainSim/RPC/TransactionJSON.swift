internal import Addresses
internal import Bitcoin
internal import Bytes
internal import ChainTypes
internal import JSON
internal import Keys
internal import NodeRPC

extension JSONValue {
  /// Satoshi as bitcoin with eight decimals, as Bitcoin Core writes amounts.
  static func bitcoin(_ satoshi: UInt64) -> JSONValue {
    let fraction = String(satoshi % 100_000_000)
    let zeros = String(repeating: "0", count: 8 - fraction.utf8.count)
    return .number("\(satoshi / 100_000_000).\(zeros)\(fraction)")
  }
}

/// Scripts in words.
enum ScriptJSON {
  static func scriptPubKey(_ script: [UInt8]) -> JSONValue {
    var members: [JSONValue.Member] = [.init("asm", .string(assembly(script)))]
    let address = BitcoinAddress(scriptPubKey: script.span.bytes, network: .regtest)?.text
    let expression = address.map { "addr(\($0))" } ?? "raw(\(Hex.encode(script)))"
    if let checksum = DescriptorChecksum.checksum(of: expression) {
      members.append(.init("desc", .string("\(expression)#\(checksum)")))
    }
    members.append(.init("hex", .string(Hex.encode(script))))
    if let address { members.append(.init("address", .string(address))) }
    members.append(.init("type", .string(type(of: script))))
    return .object(members)
  }

  private static func type(of script: [UInt8]) -> String {
    switch ScriptKind(scriptPubKey: script) {
    case .address(.p2pkh): "pubkeyhash"
    case .address(.p2sh): "scripthash"
    case .address(.p2wpkh): "witness_v0_keyhash"
    case .address(.p2wsh): "witness_v0_scripthash"
    case .address(.p2tr): "witness_v1_taproot"
    case .address(.anchor): "anchor"
    case .address(.witness): "witness_unknown"
    case .p2pk: "pubkey"
    case .multisig: "multisig"
    case .nullData: "nulldata"
    case .nonstandard: "nonstandard"
    }
  }

  private static let opcodes: [UInt8: String] = [
    0x4f: "-1", 0x6a: "OP_RETURN", 0x75: "OP_DROP", 0x76: "OP_DUP", 0x87: "OP_EQUAL",
    0x88: "OP_EQUALVERIFY", 0xa9: "OP_HASH160", 0xac: "OP_CHECKSIG", 0xae: "OP_CHECKMULTISIG",
    0xb1: "OP_CHECKLOCKTIMEVERIFY", 0xb2: "OP_CHECKSEQUENCEVERIFY",
  ]

  /// The opcodes that templates are made of by name, others by number, and pushes in hexadecimal
  /// (short ones as numbers).
  static func assembly(_ script: [UInt8]) -> String {
    var words: [String] = []
    var rest = script[...]
    while let opcode = rest.popFirst() {
      switch opcode {
      case 0x00: words.append("0")
      case 0x01...0x4b:
        guard rest.count >= Int(opcode) else { return (words + ["[error]"]).joined(separator: " ") }
        words.append(pushed(rest.prefix(Int(opcode))))
        rest = rest.dropFirst(Int(opcode))
      case 0x51...0x60: words.append(String(opcode - 0x50))
      default: words.append(opcodes[opcode] ?? "OP_\(opcode)")
      }
    }
    return words.joined(separator: " ")
  }

  private static func pushed(_ bytes: ArraySlice<UInt8>) -> String {
    guard bytes.count <= 4, let last = bytes.last else { return Hex.encode(bytes) }
    // A script number: little-endian with the sign in the top bit.
    var magnitude: Int64 = 0
    for byte in bytes.dropLast().reversed() { magnitude = magnitude << 8 | Int64(byte) }
    magnitude |= Int64(last & 0x7f) << Int64(8 * (bytes.count - 1))
    return String(last & 0x80 == 0 ? magnitude : -magnitude)
  }
}

// Transactions as `getblock` 2 and `getrawtransaction` 1 show them.
extension NodeView {
  func transactionMembers(_ known: KnownTransaction, withPrevouts: Bool) -> [JSONValue.Member] {
    let transaction = known.transaction
    let bytes = transaction.bytes
    var members: [JSONValue.Member] = [
      .init("txid", .displayHash(known.txid)),
      .init("hash", .displayHash(known.wtxid)),
      .init("version", .integer(transaction.version)),
      .init("size", .integer(bytes.count)),
      .init("vsize", .integer(known.vsize)),
      .init("weight", .integer(transaction.weight)),
      .init("locktime", .integer(transaction.lockTime)),
      .init(
        "vin", .array(transaction.inputs.map { input($0, withPrevout: withPrevouts) })),
      .init("vout", .array(transaction.outputs.enumerated().map(Self.output))),
    ]
    if let fee = fee(of: transaction) { members.append(.init("fee", .bitcoin(fee))) }
    members.append(.init("hex", .string(Hex.encode(bytes))))
    return members
  }

  private func fee(of transaction: Transaction) -> UInt64? {
    guard !transaction.isCoinbase else { return nil }
    var value: UInt64 = 0
    for input in transaction.inputs {
      guard let output = machine.knownOutput(input.outpoint) else { return nil }
      value += output.value
    }
    let paid = transaction.outputs.reduce(0) { $0 + $1.value }
    return value >= paid ? value - paid : nil
  }

  private func input(_ input: TransactionInput, withPrevout: Bool) -> JSONValue {
    var members: [JSONValue.Member] = []
    if input.outpoint.isNull {
      members.append(.init("coinbase", .string(Hex.encode(input.scriptSig))))
    } else {
      members += [
        .init("txid", .displayHash(input.outpoint.txid)),
        .init("vout", .integer(input.outpoint.vout)),
        .init(
          "scriptSig",
          .object([
            .init("asm", .string(ScriptJSON.assembly(input.scriptSig))),
            .init("hex", .string(Hex.encode(input.scriptSig))),
          ])),
      ]
    }
    if !input.witness.isEmpty {
      members.append(
        .init("txinwitness", .array(input.witness.map { .string(Hex.encode($0)) })))
    }
    if withPrevout, let prevout = prevout(input.outpoint) {
      members.append(.init("prevout", prevout))
    }
    members.append(.init("sequence", .integer(input.sequence)))
    return .object(members)
  }

  private func prevout(_ outpoint: Outpoint) -> JSONValue? {
    guard let output = machine.knownOutput(outpoint),
      let hash = machine.blockOfTransaction[outpoint.txid], let block = machine.block(hash)
    else { return nil }
    let isCoinbase = block.transactions.first?.txid == outpoint.txid
    return .object([
      .init("generated", .bool(isCoinbase)),
      .init("height", .integer(block.height)),
      .init("value", .bitcoin(output.value)),
      .init("scriptPubKey", ScriptJSON.scriptPubKey(output.scriptPubKey)),
    ])
  }

  private static func output(_ index: Int, _ output: TransactionOutput) -> JSONValue {
    .object([
      .init("value", .bitcoin(output.value)),
      .init("n", .integer(index)),
      .init("scriptPubKey", ScriptJSON.scriptPubKey(output.scriptPubKey)),
    ])
  }
}
