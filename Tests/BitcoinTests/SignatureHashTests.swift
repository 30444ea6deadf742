import Bytes
import Digests
import Foundation
import TestSupport
import Testing

@testable import Bitcoin

@Suite("Signature hashes")
struct SignatureHashTests {
  @Test("old signature hashes are Bitcoin Core's, for every type and script")
  func legacy() throws {
    // raw_transaction, script, input_index, hashType, signature_hash
    let rows = try JSONSerialization.jsonObject(
      with: PackageFiles.vector("transactions/sighash.json"))
    var count = 0
    for row in try #require(rows as? [[Any]]) where row.count == 5 {
      let text = try #require(row[0] as? String)
      let hashes = SignatureHashes(try Transaction(bytes: Hex.decode(text)), spending: [])
      let script = try Hex.decode(try #require(row[1] as? String))
      let type = Int32(try #require(row[3] as? Int))
      let hash = hashes.legacy(
        input: try #require(row[2] as? Int), scriptCode: script,
        type: SighashType(rawValue: UInt32(bitPattern: type)))
      #expect(hash?.displayHex == row[4] as? String, "\(text)")
      count += 1
    }
    #expect(count == 500)
  }

  private struct SegwitVector: Decodable {
    let example: String
    let unsigned: String
    let input: Int
    let scriptCode: String
    let value: UInt64
    let type: UInt32
    let sigHash: String
  }

  @Test("segwit's signature hashes are BIP-0143's")
  func segwit() throws {
    let vectors = try PackageFiles.vector(
      "bips/bip143-sighashes.json", as: [SegwitVector].self)
    #expect(vectors.count == 13)
    for vector in vectors {
      let transaction = try Transaction(bytes: Hex.decode(vector.unsigned))
      let hash = SignatureHashes(transaction, spending: []).segwit(
        input: vector.input, scriptCode: try Hex.decode(vector.scriptCode), value: vector.value,
        type: SighashType(rawValue: vector.type))
      #expect(hash?.hex == vector.sigHash, "\(vector.example), type \(vector.type)")
    }
  }

  private struct Wallet: Decodable {
    struct Spending: Decodable {
      struct Given: Decodable {
        struct Spent: Decodable {
          let scriptPubKey: String
          let amountSats: UInt64
        }
        let rawUnsignedTx: String
        let utxosSpent: [Spent]
      }
      struct Input: Decodable {
        struct Given: Decodable {
          let txinIndex: Int
          let hashType: UInt32
        }
        struct Intermediary: Decodable { let sigHash: String }
        struct Expected: Decodable { let witness: [String] }
        let given: Given
        let intermediary: Intermediary
        let expected: Expected
      }
      struct Auxiliary: Decodable { let fullySignedTx: String }
      let given: Given
      let inputSpending: [Input]
      let auxiliary: Auxiliary
    }
    let keyPathSpending: [Spending]
  }

  @Test("taproot's signature hashes are BIP-0341's, and its signed inputs are found valid")
  func taproot() throws {
    let vectors = try PackageFiles.vector(
      "bips/bip341-wallet-test-vectors.json", as: Wallet.self)
    #expect(vectors.keyPathSpending.count == 1)
    for spending in vectors.keyPathSpending {
      let spent = try spending.given.utxosSpent.map {
        TransactionOutput(value: $0.amountSats, scriptPubKey: try Hex.decode($0.scriptPubKey))
      }
      let unsigned = try Transaction(bytes: Hex.decode(spending.given.rawUnsignedTx))
      let hashes = SignatureHashes(unsigned, spending: spent)
      for input in spending.inputSpending {
        let hash = hashes.taproot(
          input: input.given.txinIndex, type: SighashType(rawValue: input.given.hashType))
        #expect(hash?.hex == input.intermediary.sigHash, "input \(input.given.txinIndex)")
      }
      // The inputs signed with ALL or DEFAULT, and those that aren't taproot's, all pass.
      let signed = try Transaction(bytes: Hex.decode(spending.auxiliary.fullySignedTx))
      let others = Set(
        spending.inputSpending.filter { $0.given.hashType > 1 }.map(\.given.txinIndex))
      let signedHashes = SignatureHashes(signed, spending: spent)
      for index in signed.inputs.indices {
        let isAll = !others.contains(index)
        #expect(
          signedHashes.verification(ofInput: index) == (isAll ? .valid : .invalid), "\(index)")
      }
      #expect(others.count == 5)
    }
  }

  @Test("what has no hash has none")
  func missing() throws {
    let transaction = Transaction(
      inputs: [TransactionInput(outpoint: .null)],
      outputs: [TransactionOutput(value: 1, scriptPubKey: [])])
    let hashes = SignatureHashes(transaction, spending: [nil])
    #expect(hashes.legacy(input: 1, scriptCode: [], type: .all) == nil)
    #expect(hashes.legacy(input: -1, scriptCode: [], type: .all) == nil)
    #expect(hashes.segwit(input: 1, scriptCode: [], value: 0, type: .all) == nil)
    #expect(hashes.taproot(input: 0, type: .default) == nil)
    let known = SignatureHashes(transaction, spending: [transaction.outputs[0]])
    #expect(known.taproot(input: 0, type: .default) != nil)
    #expect(known.taproot(input: 0, type: SighashType(rawValue: 4)) == nil)
    #expect(known.taproot(input: 0, type: SighashType(rawValue: 0x80)) == nil)
  }
}
