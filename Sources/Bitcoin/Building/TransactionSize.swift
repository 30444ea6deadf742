internal import Addresses
package import Keys

/// Weights of a transaction's parts before anyone has signed it, in weight units (BIP-0141): four
/// for each byte, one for each byte of a witness. No signature that `PSBTSigner` makes is longer
/// than is counted here, so that a fee is never short.
package enum TransactionSize {
  /// What nodes relay at most (Bitcoin Core's `MAX_STANDARD_TX_WEIGHT`).
  package static let maximumStandardWeight = 400_000

  /// DER, with the byte of its type.
  private static let signature = ECDSASignature.maximumLowDERByteCount + 1
  private static let key = 33

  /// Of an input with its script and witness.
  static func inputWeight(_ script: SingleKeyScript) -> Int {
    let base = 4 * TransactionLimits.minimumInputSize
    // The count of items, and both behind their lengths.
    let witness = 1 + 1 + signature + 1 + key
    return switch script {
    // Both behind the opcodes that push them; and in a segwit transaction an empty witness, which
    // `weight` adds.
    case .pkh: base + 4 * (1 + signature + 1 + key)
    // The redeem script of 22 bytes behind its push.
    case .shWpkh: base + 4 * 23 + witness
    case .wpkh: base + witness
    // One signature with DEFAULT.
    case .tr: base + 1 + 1 + SchnorrSignature.byteCount
    }
  }

  static func outputWeight(_ scriptPubKey: [UInt8]) -> Int {
    4 * (8 + CompactSize.byteCount(scriptPubKey.count) + scriptPubKey.count)
  }

  /// Of a whole transaction, signed.
  package static func weight(inputs: [SingleKeyScript], outputs: [[UInt8]]) -> Int {
    let counts = CompactSize.byteCount(inputs.count) + CompactSize.byteCount(outputs.count)
    let isSegwit = inputs.contains { $0 != .pkh }
    let old = inputs.count { $0 == .pkh }
    // Version and lock time; marker, flag, and the empty witnesses of old inputs.
    return 4 * (8 + counts) + (isSegwit ? 2 + old : 0)
      + inputs.reduce(0) { $0 + inputWeight($1) } + outputs.reduce(0) { $0 + outputWeight($1) }
  }

  /// A quarter of the weight, rounded up.
  package static func virtualBytes(weight: Int) -> Int { (weight + 3) / 4 }

  /// The least value of an output that isn't dust: what it takes to send and spend it at 3 sat/vB,
  /// as Bitcoin Core counts (`GetDustThreshold`). Zero for what nobody can spend.
  package static func dustLimit(_ scriptPubKey: [UInt8]) -> UInt64 {
    if scriptPubKey.first == 0x6a { return 0 }
    let output = 8 + CompactSize.byteCount(scriptPubKey.count) + scriptPubKey.count
    // An input with a signature and a key, which segwit's discount divides by four.
    let isSegwit = WitnessProgram(scriptPubKey: scriptPubKey.span.bytes) != nil
    let input = 32 + 4 + 1 + (isSegwit ? 107 / 4 : 107) + 4
    return FeeRate.dust.fee(forVirtualBytes: output + input)
  }
}
