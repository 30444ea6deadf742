import Bytes
import ChainTypes

@testable import Bitcoin

/// Regtest blocks made for a test.
enum TestBlocks {
  /// Pays to a script of its own, number by number.
  static func output(_ number: Int, value: UInt64 = 5000) -> TransactionOutput {
    let marker = UInt8(truncatingIfNeeded: number)
    return TransactionOutput(
      value: value, scriptPubKey: [0x00, 0x14] + [UInt8](repeating: marker, count: 20))
  }

  static func outpoint(_ number: Int) -> Outpoint {
    var txid = Hash32.zero
    txid.words.0 = UInt64(number) + 1
    return Outpoint(txid: txid, vout: UInt32(number % 3))
  }

  static func payment(_ number: Int, witness: [[UInt8]] = []) -> Transaction {
    Transaction(
      inputs: [TransactionInput(outpoint: outpoint(number), witness: witness)],
      outputs: [output(number)])
  }

  static func coinbase(height: UInt32 = 200) -> Transaction {
    .coinbase(height: height, outputs: [output(250, value: 5_000_000_000)])
  }

  /// A mined block of a coinbase and `count` payments.
  static func block(payments count: Int, witnesses: Bool = false) -> Block {
    block([coinbase()] + (0..<count).map { payment($0, witness: witnesses ? [[1, 2, 3]] : []) })
  }

  static func block(_ transactions: [Transaction]) -> Block {
    mined(
      .assemble(
        previousBlockHash: .zero, time: 1_700_000_000, bits: 0x207f_ffff,
        transactions: transactions))
  }

  /// The block with its merkle root as its transactions have it, and work done for it.
  static func resealed(_ block: Block) -> Block {
    var block = block
    block.header.merkleRoot = block.merkleRoot
    return mined(block)
  }

  private static func mined(_ block: Block) -> Block {
    var block = block
    block.header.nonce = 0
    precondition(block.header.findNonce(), "every second nonce fits")
    return block
  }
}

/// What the scanner and the plain decoder make of bytes, which has to be the same.
struct Outcome: Equatable {
  let transactionCount: Int?
  let error: BlockError?

  static func scan(
    _ bytes: [UInt8], expecting hash: Hash32? = nil, network: BitcoinNetwork = .regtest,
    verification: BlockVerification = .full
  ) -> Outcome {
    do throws(BlockError) {
      let scanned = try BlockScanner.scan(
        bytes.span.bytes, expecting: hash, network: network, verification: verification,
        watching: WatchAll())
      return Outcome(transactionCount: scanned.transactionCount, error: nil)
    } catch {
      return Outcome(transactionCount: nil, error: error)
    }
  }

  static func decode(
    _ bytes: [UInt8], expecting hash: Hash32? = nil, network: BitcoinNetwork = .regtest,
    verification: BlockVerification = .full
  ) -> Outcome {
    do throws(BlockError) {
      let block = try Block.verified(
        bytes: bytes.span.bytes, expecting: hash, network: network, verification: verification)
      return Outcome(transactionCount: block.transactions.count, error: nil)
    } catch {
      return Outcome(transactionCount: nil, error: error)
    }
  }

  /// Both, nil where they differ.
  static func agreed(
    _ bytes: [UInt8], expecting hash: Hash32? = nil, network: BitcoinNetwork = .regtest,
    verification: BlockVerification = .full
  ) -> Outcome? {
    let fast = scan(bytes, expecting: hash, network: network, verification: verification)
    let slow = decode(bytes, expecting: hash, network: network, verification: verification)
    return fast == slow ? fast : nil
  }
}
