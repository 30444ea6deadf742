import Bytes
import Foundation
import TestSupport
import Testing

@testable import Bitcoin

@Suite("Transaction vectors")
struct TransactionVectorTests {
  /// A test of Bitcoin Core's tx_valid or tx_invalid: the transaction, its flags, and the remark
  /// above it.
  struct CoreVector {
    let remark: String
    let bytes: [UInt8]
    let flags: String
  }

  static func coreVectors(_ file: String) throws -> [CoreVector] {
    let rows = try JSONSerialization.jsonObject(with: PackageFiles.vector("transactions/" + file))
    var remark = ""
    var vectors: [CoreVector] = []
    for row in try #require(rows as? [[Any]]) {
      if row.count == 1 { remark = row[0] as? String ?? "" }
      guard row.count == 3, let text = row[1] as? String, let flags = row[2] as? String else {
        continue
      }
      vectors.append(CoreVector(remark: remark, bytes: try Hex.decode(text), flags: flags))
    }
    return vectors
  }

  @Test("Bitcoin Core's valid transactions decode to themselves")
  func valid() throws {
    let vectors = try Self.coreVectors("tx_valid.json")
    #expect(vectors.count == 121)
    for vector in vectors {
      let transaction = try Transaction(bytes: vector.bytes)
      #expect(transaction.bytes == vector.bytes, "\(vector.remark)")
      #expect(throws: Never.self) {
        try TransactionScanner.scan(vector.bytes.span.bytes, watching: WatchAll())
      }
    }
  }

  @Test("Bitcoin Core's transactions that are invalid by themselves are refused, others decode")
  func invalid() throws {
    var refused: [BitcoinDecodingError] = []
    for vector in try Self.coreVectors("tx_invalid.json") {
      do {
        let transaction = try Transaction(bytes: vector.bytes)
        #expect(vector.flags != "BADTX", "\(vector.remark)")
        #expect(transaction.bytes == vector.bytes)
      } catch {
        #expect(vector.flags == "BADTX", "\(vector.remark): \(error)")
        refused.append(error)
      }
    }
    #expect(
      refused == [
        .noOutputs(offset: 155), .valueTooLarge(.max, offset: 156),
        .valueTooLarge(2_100_000_000_000_001, offset: 157),
        .valueSumTooLarge(2_100_000_000_000_256, offset: 166), .duplicateOutpoint(offset: 154),
        .coinbaseScriptLength(1, offset: 41), .coinbaseScriptLength(101, offset: 41),
        .nullOutpoint(offset: 5), .nullOutpoint(offset: 46),
      ])
  }

  @Test("the random transactions of Bitcoin Core's sighash tests decode to themselves")
  func sighash() throws {
    let rows = try JSONSerialization.jsonObject(
      with: PackageFiles.vector("transactions/sighash.json"))
    let texts = try #require(rows as? [[Any]]).filter { $0.count > 1 }.compactMap {
      $0[0] as? String
    }
    #expect(texts.count == 500)
    for text in texts {
      let bytes = try Hex.decode(text)
      let transaction = try Transaction(bytes: bytes)
      #expect(transaction.bytes == bytes)
      #expect(transaction.strippedBytes == bytes)
      #expect(transaction.wtxid == transaction.txid)
    }
  }

  private struct SigningExample: Decodable {
    let example: String
    let unsigned: String
    let signed: [String]
  }

  @Test("BIP-0143's examples decode to themselves, and signing changes scripts and witnesses only")
  func signing() throws {
    let examples = try PackageFiles.vector("bips/bip143.json", as: [SigningExample].self)
    #expect(examples.flatMap(\.signed).count == 7)
    for example in examples {
      let bytes = try Hex.decode(example.unsigned)
      let unsigned = try Transaction(bytes: bytes)
      #expect(unsigned.bytes == bytes, "\(example.example)")
      for text in example.signed {
        let bytes = try Hex.decode(text)
        var signed = try Transaction(bytes: bytes)
        #expect(signed.bytes == bytes && signed.hasWitness, "\(example.example)")
        for index in signed.inputs.indices {
          signed.inputs[index].scriptSig = []
          signed.inputs[index].witness = []
        }
        // The last of one example swaps its inputs and outputs, which its signatures allow.
        let swapped = Transaction(
          version: signed.version, inputs: signed.inputs.reversed(),
          outputs: signed.outputs.reversed(), lockTime: signed.lockTime)
        let isSwapped = example.signed.first != text
        #expect((isSwapped ? swapped : signed) == unsigned, "\(example.example)")
      }
    }
  }

  /// What `getrawtransaction` says of a transaction.
  private struct NodeTransaction: Decodable {
    let txid: String
    let hash: String
    let hex: String
    let version: UInt32
    let locktime: UInt32
    let size: Int
    let vsize: Int
  }

  @Test(
    "an old node's transactions have the txid, size and version that it states",
    arguments: ["transaction-0d37522b", "transaction-0dd0394c", "transaction-76a8d70a"])
  func statedByNode(_ name: String) throws {
    try expectAgreement(
      PackageFiles.vector("rpc/bitcoin-etl/\(name).json", as: NodeTransaction.self))
  }

  @Test("so have those of its blocks", arguments: [(50_001, 3), (50_002, 1)])
  func statedInBlock(height: Int, count: Int) throws {
    struct NodeBlock: Decodable {
      let merkleroot: String
      let tx: [NodeTransaction]
    }
    let block = try PackageFiles.vector(
      "rpc/bitcoin-etl/getblock_\(height)_2.json", as: NodeBlock.self)
    #expect(block.tx.count == count)
    for stated in block.tx { try expectAgreement(stated) }
    let txids = try block.tx.map { try Transaction(bytes: Hex.decode($0.hex)).txid }
    #expect(MerkleTree.root(of: txids).root.displayHex == block.merkleroot)
  }

  private func expectAgreement(_ stated: NodeTransaction) throws {
    let bytes = try Hex.decode(stated.hex)
    let transaction = try Transaction(bytes: bytes)
    #expect(transaction.bytes == bytes)
    #expect(transaction.txid.displayHex == stated.txid)
    #expect(transaction.wtxid.displayHex == stated.hash)
    #expect(transaction.version == stated.version && transaction.lockTime == stated.locktime)
    #expect(bytes.count == stated.size && transaction.vsize == stated.vsize)
  }

  @Test("a transaction with half a megabyte of witness decodes to itself")
  func hugeWitness() throws {
    let text = String(
      decoding: try PackageFiles.vector("transactions/huge_witness.hex"), as: UTF8.self)
    let bytes = try Hex.decode(text.trimmingCharacters(in: .whitespacesAndNewlines))
    let transaction = try Transaction(bytes: bytes)
    #expect(transaction.bytes == bytes)
    #expect(transaction.hasWitness)
    #expect(transaction.vsize < bytes.count / 3)
    let match = try TransactionScanner.scan(bytes.span.bytes, watching: WatchAll()).match
    #expect(match?.txid == transaction.txid)
    #expect(match?.wtxid == transaction.wtxid)
  }
}
