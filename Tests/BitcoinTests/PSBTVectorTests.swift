import Bytes
import ChainTypes
import Foundation
import Keys
import TestSupport
import Testing

@testable import Bitcoin

@Suite("Partially signed transactions: published vectors")
struct PSBTVectorTests {
  struct Vector: Decodable {
    let `case`: String
    let base64: String
  }

  struct BIP174: Decodable {
    struct Roles: Decodable {
      let creator, updater, updaterWithSighash, signerA, signerB, combiner, finalizer: String
      let extractor, unknownA, unknownB, unknownCombined: String
    }
    let invalid: [Vector]
    let valid: [Vector]
    let failsSigner: [Vector]
    let roles: Roles
    let master: String
    let signerAPaths: [String]
    let signerBPaths: [String]

    static func load() throws -> BIP174 {
      try PackageFiles.vector("bips/bip174.json", as: BIP174.self)
    }
  }

  struct BIP371: Decodable {
    let invalid: [Vector]
    let valid: [Vector]

    static func load() throws -> BIP371 {
      try PackageFiles.vector("bips/bip371.json", as: BIP371.self)
    }
  }

  static func psbt(_ hex: String) throws -> PSBT { try PSBT(bytes: Hex.decode(hex)) }

  @Test("valid ones of BIP-0174 and BIP-0371 come back byte for byte")
  func valid() throws {
    let vectors = try BIP174.load().valid + BIP174.load().failsSigner + BIP371.load().valid
    #expect(vectors.count == 20)
    for vector in vectors {
      let psbt = try PSBT(base64: vector.base64)
      #expect(psbt.base64 == vector.base64, "\(vector.case)")
      #expect(psbt.inputs.count == psbt.transaction.inputs.count)
    }
  }

  @Test("invalid ones are refused")
  func invalid() throws {
    let vectors = try BIP174.load().invalid + BIP371.load().invalid
    #expect(vectors.count == 31)
    for vector in vectors {
      #expect(throws: PSBTError.self, "\(vector.case)") { try PSBT(base64: vector.base64) }
    }
  }

  @Test("a creator's is the unsigned transaction with empty maps")
  func creator() throws {
    let roles = try BIP174.load().roles
    let transaction = Transaction(
      inputs: [
        TransactionInput(
          outpoint: Outpoint(
            txid: try Hash32(
              displayHex: "75ddabb27b8845f5247975c8a5ba7c6f336c4570708ebe230caf6db5217ae858"),
            vout: 0), sequence: 0xffff_ffff),
        TransactionInput(
          outpoint: Outpoint(
            txid: try Hash32(
              displayHex: "1dea7cd05979072a3578cab271c02244ea8a090bbb46aa680a65ecd027048d83"),
            vout: 1), sequence: 0xffff_ffff),
      ],
      outputs: [
        TransactionOutput(
          value: 149_990_000,
          scriptPubKey: try Hex.decode("0014d85c2b71d0060b09c9886aeb815e50991dda124d")),
        TransactionOutput(
          value: 100_000_000,
          scriptPubKey: try Hex.decode("001400aea9a2e5f0f876a588df5546e8742d1d87008f")),
      ])
    #expect(Hex.encode(PSBT(unsigned: transaction).bytes) == roles.creator)
  }

  @Test("an updater's hash type stands where the vector has it")
  func updater() throws {
    let roles = try BIP174.load().roles
    var psbt = try Self.psbt(roles.updater)
    for index in psbt.inputs.indices { psbt.inputs[index].sighashType = .all }
    #expect(Hex.encode(psbt.bytes) == roles.updaterWithSighash)
  }

  /// Signs with the keys at some paths alone, as the vectors' signers do.
  private func sign(_ hex: String, paths: [String]) throws -> PSBT {
    let vectors = try BIP174.load()
    let master = try ExtendedPrivateKey(secretText: vectors.master, network: .regtest)
    var psbt = try Self.psbt(hex)
    for text in paths {
      let path = try DerivationPath(text)
      let signer = PSBTSigner(
        try master.descendant(path),
        origin: KeyOrigin(fingerprint: master.fingerprint, path: path))
      let report = try signer.sign(&psbt, trustsValues: true)
      #expect(report.signed.count == 1 && report.foreign.count == 1)
    }
    return psbt
  }

  @Test("signers, combiner, finaliser and extractor make what BIP-0174 has them make")
  func roles() throws {
    let vectors = try BIP174.load()
    let roles = vectors.roles
    let first = try sign(roles.updaterWithSighash, paths: vectors.signerAPaths)
    #expect(Hex.encode(first.bytes) == roles.signerA)
    let second = try sign(roles.updaterWithSighash, paths: vectors.signerBPaths)
    #expect(Hex.encode(second.bytes) == roles.signerB)
    var combined = first
    let isCombined = combined.combine(second)
    #expect(isCombined)
    #expect(Hex.encode(combined.bytes) == roles.combiner)
    let unfinished = combined.finalize()
    #expect(unfinished == [:])
    #expect(Hex.encode(combined.bytes) == roles.finalizer)
    #expect(Hex.encode(try combined.extractTransaction().bytes) == roles.extractor)
  }

  @Test("what isn't understood is combined in the keys' order, whichever comes first")
  func unknown() throws {
    let roles = try BIP174.load().roles
    for (a, b) in [(roles.unknownA, roles.unknownB), (roles.unknownB, roles.unknownA)] {
      var combined = try Self.psbt(a)
      let isCombined = combined.combine(try Self.psbt(b))
      #expect(isCombined)
      #expect(Hex.encode(combined.bytes) == roles.unknownCombined)
      let isOther = combined.combine(try Self.psbt(roles.creator))
      #expect(!isOther)
    }
  }

  @Test("what fails BIP-0174's signer checks isn't signed")
  func failsSigner() throws {
    let vectors = try BIP174.load()
    #expect(vectors.failsSigner.count == 4)
    let master = try ExtendedPrivateKey(secretText: vectors.master, network: .regtest)
    let expected: [PSBTInputError] = [
      .missingPreviousTransaction, .wrongScript, .wrongScript, .wrongScript,
    ]
    for (vector, reason) in zip(vectors.failsSigner, expected) {
      var psbt = try PSBT(base64: vector.base64)
      // Some state no derivations of our key: then all is foreign until there is one.
      for index in psbt.inputs.indices where psbt.inputs[index].derivations.isEmpty {
        psbt.inputs[index].addDerivation(
          PSBTDerivation(
            key: master.key.publicKey,
            origin: KeyOrigin(fingerprint: master.fingerprint, path: DerivationPath())))
      }
      let before = psbt
      let signer = PSBTSigner(master)
      do {
        _ = try signer.sign(&psbt, trustsValues: true)
        Issue.record("\(vector.case) was signed")
      } catch {
        #expect(error.reason == reason, "\(vector.case)")
      }
      #expect(psbt == before)
    }
  }

  @Test("BIP-0371's signed key path input is finished and verified")
  func taproot() throws {
    let vector = try #require(try BIP371.load().valid.first { $0.case.contains("and signature") })
    var psbt = try PSBT(base64: vector.base64)
    let unfinished = psbt.finalize()
    #expect(unfinished == [:])
    let transaction = try psbt.extractTransaction()
    #expect(transaction.inputs.count == 1 && transaction.inputs[0].witness.count == 1)
  }
}
