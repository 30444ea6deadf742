internal import Bitcoin
internal import Bytes

/// The first block of every regtest chain (Bitcoin Core's `CRegTestParams`).
enum RegtestGenesis {
  static let block: StoredBlock = {
    let message: StaticString =
      "The Times 03/Jan/2009 Chancellor on brink of second bailout for banks"
    let text = message.withUTF8Buffer { Array($0) }
    // Pushes 486604799 (mainnet's nBits) and 4 in front of the headline.
    let scriptSig = [0x04, 0xff, 0xff, 0x00, 0x1d, 0x01, 0x04, UInt8(text.count)] + text
    let coinbase = Transaction(
      version: 1,
      inputs: [TransactionInput(outpoint: .null, scriptSig: scriptSig, sequence: .max)],
      outputs: [
        TransactionOutput(
          value: 5_000_000_000, scriptPubKey: [0x41] + publicKey + [0xac])
      ])
    let known = KnownTransaction(coinbase)
    let header = BlockHeader(
      version: 1, previousBlockHash: .zero, merkleRoot: known.txid, time: 1_296_688_602,
      bits: 0x207f_ffff, nonce: 2)
    return StoredBlock(
      header: header, transactions: [known], hash: header.hash, height: 0, chainWork: 2,
      medianTime: header.time)
  }()

  /// Uncompressed; nobody is known to have its private key.
  private static let publicKey: [UInt8] = [
    0x04, 0x67, 0x8a, 0xfd, 0xb0, 0xfe, 0x55, 0x48, 0x27, 0x19, 0x67, 0xf1, 0xa6, 0x71, 0x30, 0xb7,
    0x10, 0x5c, 0xd6, 0xa8, 0x28, 0xe0, 0x39, 0x09, 0xa6, 0x79, 0x62, 0xe0, 0xea, 0x1f, 0x61, 0xde,
    0xb6, 0x49, 0xf6, 0xbc, 0x3f, 0x4c, 0xef, 0x38, 0xc4, 0xf3, 0x55, 0x04, 0xe5, 0x1e, 0xc1, 0x12,
    0xde, 0x5c, 0x38, 0x4d, 0xf7, 0xba, 0x0b, 0x8d, 0x57, 0x8a, 0x4c, 0x70, 0x2b, 0x6b, 0xf1, 0x1d,
    0x5f,
  ]
}
