import Bytes
import ChainTypes
import Keys
import Testing

@testable import Bitcoin

/// Real transactions, damaged: whatever is read comes back byte for byte, and nothing traps on the
/// way to a signature.
@Suite("Damaged partially signed transactions")
struct PSBTFuzzTests {
  private func whole() throws -> [[UInt8]] {
    let vectors = try PSBTVectorTests.BIP174.load()
    let texts = (vectors.valid + vectors.failsSigner).map(\.base64)
    let taproot = try PSBTVectorTests.BIP371.load().valid.map(\.base64)
    let roles = vectors.roles
    return try (texts + taproot).compactMap(Base64.decode)
      + [roles.signerA, roles.combiner, roles.finalizer].map { try Hex.decode($0) }
  }

  @Test("damaged bytes are refused, or read as they are")
  func damaged() throws {
    let whole = try whole()
    let master = try ExtendedPrivateKey(
      secretText: PSBTVectorTests.BIP174.load().master, network: .regtest)
    let signer = PSBTSigner(master)
    var generator = SplitMix64(seed: 174)
    var read = 0
    for round in 0..<6000 {
      let copy = MutationFuzzTests.damaged(
        whole[round % whole.count], from: round % 20 == 0 ? 0 : 5, using: &generator)
      guard var psbt = try? PSBT(bytes: copy) else { continue }
      read += 1
      #expect(psbt.bytes == copy, "seed 174, round \(round)")
      #expect(try PSBT(base64: psbt.base64) == psbt, "seed 174, round \(round)")
      _ = psbt.fee
      _ = try? signer.sign(&psbt, trustsValues: true)
      _ = psbt.finalize()
      _ = try? psbt.extractTransaction()
      var combined = psbt
      let isCombined = combined.combine(psbt)
      #expect(isCombined && combined == psbt)
    }
    #expect(read > 500, "\(read)")
  }

  @Test("noise is refused without a trap")
  func noise() {
    var generator = SplitMix64(seed: 3)
    for _ in 0..<3000 {
      let count = Int.random(in: 0...120, using: &generator)
      let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
      #expect(throws: PSBTError.self) { try PSBT(bytes: PSBT.magic + bytes) }
    }
    #expect(throws: PSBTError.wrongMagic) { try PSBT(bytes: []) }
    #expect(throws: PSBTError.notBase64) { try PSBT(base64: "cHNidP8=\n") }
  }

  @Test("what is too large is refused before it is read")
  func bounds() throws {
    let large = PSBT.magic + [UInt8](repeating: 0, count: PSBT.maximumByteCount)
    #expect(throws: PSBTError.tooLarge(byteCount: large.count)) { try PSBT(bytes: large) }
    // Many small entries of types that nobody knows, in one map and then in all.
    func entries(_ count: Int) -> [UInt8] {
      var bytes: [UInt8] = []
      for number in 0..<count {
        bytes += [5, 0xf0]
        bytes.append(littleEndian: UInt32(number))
        bytes.append(0)
      }
      return bytes
    }
    let empty = PSBT(unsigned: Transaction(inputs: [], outputs: [])).bytes.dropLast()
    #expect(throws: PSBTError.tooManyEntries(PSBT.maximumEntriesOfMap)) {
      try PSBT(bytes: empty + entries(PSBT.maximumEntriesOfMap) + [0])
    }
    _ = try PSBT(bytes: empty + entries(PSBT.maximumEntriesOfMap - 1) + [0])
    let outputs = (0..<101).map { _ in TransactionOutput(value: 1, scriptPubKey: []) }
    let map = entries(PSBT.maximumEntriesOfMap) + [0]
    let wide = PSBT(unsigned: Transaction(inputs: [], outputs: outputs)).bytes.dropLast(101)
    #expect(throws: PSBTError.tooManyEntries(PSBT.maximumEntries)) {
      try PSBT(bytes: wide + (0..<101).flatMap { _ in map })
    }
  }

  @Test("versions and fields of version 2 are refused")
  func versionTwo() throws {
    let plain = PSBT(
      unsigned: Transaction(
        inputs: [TransactionInput(outpoint: Outpoint(txid: .zero, vout: 1))],
        outputs: [TransactionOutput(value: 1, scriptPubKey: [])])
    ).bytes
    // Each map is empty but the first: the last three bytes end them.
    let global = Array(plain.dropLast(3))
    func read(_ extra: [UInt8], _ input: [UInt8] = [], _ output: [UInt8] = []) throws -> PSBT {
      try PSBT(bytes: global + extra + [0] + input + [0] + output + [0])
    }
    #expect(try read([]).bytes == plain)
    for cut in 1..<plain.count {
      #expect(throws: PSBTError.self) { try PSBT(bytes: Array(plain.dropLast(cut))) }
    }
    #expect(throws: PSBTError.malformed(.trailingBytes(count: 1, offset: plain.count))) {
      try PSBT(bytes: plain + [0])
    }
    _ = try read([1, 0xfb, 4, 0, 0, 0, 0])
    #expect(throws: PSBTError.unsupportedVersion(2)) { try read([1, 0xfb, 4, 2, 0, 0, 0]) }
    #expect(throws: PSBTError.invalidKey(.global, key: "02")) { try read([1, 2, 1, 0]) }
    #expect(throws: PSBTError.invalidKey(.input(0), key: "0e")) { try read([], [1, 0x0e, 0]) }
    #expect(throws: PSBTError.invalidKey(.output(0), key: "03")) { try read([], [], [1, 3, 0]) }
    #expect(throws: PSBTError.duplicateKey(.output(0), key: "f1")) {
      try read([], [], [1, 0xf1, 0, 1, 0xf1, 0])
    }
    #expect(throws: PSBTError.invalidValue(.output(0), key: "06")) { try read([], [], [1, 6, 0]) }
  }
}
