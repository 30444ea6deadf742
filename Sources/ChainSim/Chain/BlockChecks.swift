internal import Bitcoin
internal import Bytes
internal import ChainTypes

/// The checks of a block that need only its parent.
enum BlockChecks {
  /// Nil for a sound block, else the rule it breaks in Bitcoin Core's words.
  static func refusal(of block: Block, on parent: StoredBlock) -> String? {
    guard parent.height < .max, block.header.bits == BitcoinNetwork.regtest.powLimitBits else {
      return "bad-diffbits"
    }
    guard block.header.time > parent.medianTime else { return "time-too-old" }
    let bytes = block.bytes
    do {
      _ = try Block.verified(
        bytes: bytes.span.bytes, expecting: nil, network: .regtest, verification: .full)
    } catch {
      return reason(for: error)
    }
    // The verification found a coinbase in front, with an input.
    let scriptSig = block.transactions[0].inputs[0].scriptSig
    let expected = Transaction.coinbase(height: parent.height + 1, extra: [], outputs: [])
      .inputs[0].scriptSig
    guard scriptSig.starts(with: expected) else { return "bad-cb-height" }
    return nil
  }

  private static func reason(for error: BlockError) -> String {
    switch error {
    case .decoding: "bad-txns"
    case .headerHash, .proofOfWork: "high-hash"
    case .tooHeavy: "bad-blk-length"
    case .noTransactions, .firstIsNotCoinbase: "bad-cb-missing"
    case .misplacedCoinbase: "bad-cb-multiple"
    case .merkleRoot: "bad-txnmrklroot"
    case .mutated: "bad-txns-duplicate"
    case .witness(.missing): "unexpected-witness"
    case .witness(.reservedValue): "bad-witness-nonce-size"
    case .witness(.mismatch): "bad-witness-merkle-match"
    }
  }
}

/// New coins for each block: 50 BTC, halved every 150 blocks on regtest.
enum Subsidy {
  static func satoshi(at height: UInt32) -> UInt64 {
    let halvings = height / 150
    return halvings < 64 ? 5_000_000_000 >> UInt64(halvings) : 0
  }
}

extension Transaction {
  /// Whether its lock time allows it in a block at `height` whose parent's median time is
  /// `medianTime` (BIP-0113).
  func isFinal(height: UInt32, medianTime: UInt32) -> Bool {
    // Below 500,000,000 a lock time is a height, else seconds since 1970.
    let isPassed = lockTime < (lockTime < 500_000_000 ? height : medianTime)
    return lockTime == 0 || isPassed || inputs.allSatisfy { $0.sequence == .max }
  }
}
