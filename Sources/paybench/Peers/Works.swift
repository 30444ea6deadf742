/// The works that peers do beside ours, each for the suite that has it: append these to a contest's
/// references. A peer that this machine lacks says so in its row.
extension Peers {
  /// Addresses a second, whole from an account's key to the text, fresh indexes of its branch 0.
  ///
  /// - Parameters:
  ///   - accountKey: as published, such as `zpub…`
  ///   - first: the address of index 0
  func p2wpkhAddresses(_ accountKey: String, first: String) throws -> [Contest.Reference] {
    try [
      ("bip-utils", "p2wpkh-bip-utils"), ("embit", "p2wpkh-embit"),
      ("coincurve's tweak, hashlib and Bech32 in Python", "p2wpkh-coincurve"),
    ].map { name, work in
      try reference(
        "\(name), the same", work: work, input: Array(accountKey.utf8), check: first
      ) { 1 / $0 }
    }
  }

  /// ERC-55 addresses a second, in the same way.
  ///
  /// - Parameter accountKey: `xpub…`
  func erc55Addresses(_ accountKey: String, first: String) throws -> [Contest.Reference] {
    try [
      ("bip-utils", "erc55-bip-utils"), ("coincurve's tweak and eth-hash", "erc55-coincurve"),
    ].map { name, work in
      try reference(
        "\(name), the same", work: work, input: Array(accountKey.utf8), check: first
      ) { 1 / $0 }
    }
  }

  /// MB/s of a block's bytes to its transactions with their txids.
  ///
  /// - Parameter lastTxid: in display order
  func block(_ bytes: [UInt8], lastTxid: String) throws -> [Contest.Reference] {
    let megabytes = Double(bytes.count) / 1e6
    return [
      try reference(
        "python-bitcoinlib's deserialisation with txids", work: "block-python-bitcoinlib",
        input: bytes, check: lastTxid
      ) { megabytes / $0 }
    ]
  }

  /// orjson's parse alone of a JSON array, such as `eth_getLogs` answers.
  ///
  /// - Parameters:
  ///   - elements: of the array
  ///   - figure: of the seconds that a parse takes
  func orjson(
    _ bytes: [UInt8], elements: Int, goal: Goal? = nil, figure: @escaping (Double) -> Double
  ) throws -> [Contest.Reference] {
    [
      try reference(
        "orjson's parse alone", work: "json-orjson", input: bytes, check: "\(elements)",
        goal: goal, figure: figure)
    ]
  }

  /// What web3.py makes of an answer to `eth_getBlockReceipts`, parsed by orjson.
  ///
  /// - Parameter figure: of the seconds that an answer takes
  func web3(
    receipts bytes: [UInt8], logs: Int, figure: @escaping (Double) -> Double
  ) throws -> [Contest.Reference] {
    [
      try reference(
        "web3.py's receipts", work: "receipts-web3", input: bytes, check: "\(logs)",
        figure: figure)
    ]
  }

  /// MB/s of Keccak-256.
  ///
  /// - Parameter digest: of all bytes, in hexadecimal
  func keccak(_ bytes: [UInt8], digest: String) throws -> [Contest.Reference] {
    let megabytes = Double(bytes.count) / 1e6
    return try [
      ("pycryptodome", "keccak-pycryptodome"), ("eth-hash", "keccak-eth-hash"),
      ("safe-pysha3", "keccak-safe-pysha3"),
    ].map { name, work in
      try reference(
        "\(name), the same bytes", work: work, input: bytes, check: digest
      ) { megabytes / $0 }
    }
  }
}
