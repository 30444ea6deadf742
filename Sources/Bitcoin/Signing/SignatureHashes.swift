package import Bytes
internal import ChainTypes
internal import Digests

/// What the signatures of a transaction's inputs sign: the old hash, that of segwit version 0
/// (BIP-0143), and that of taproot's key path (BIP-0341).
///
/// The hashes that all inputs share are worked out once.
package struct SignatureHashes: Sendable {
  package let transaction: Transaction
  /// What each input spends, as far as it is known. Taproot signatures commit to all of them.
  package let spentOutputs: [TransactionOutput?]
  // Single SHA-256 each, as BIP-0341 has them; BIP-0143 hashes three of them once more.
  private let prevouts: Hash32
  private let sequences: Hash32
  private let outputs: Hash32
  /// Nil where a spent output isn't known.
  private let spent: (amounts: Hash32, scripts: Hash32)?

  private static let tapSighash = TaggedHash(tag: "TapSighash")

  /// - Parameter spentOutputs: one for each input, in their order; what is missing is unknown
  package init(_ transaction: Transaction, spending spentOutputs: [TransactionOutput?]) {
    self.transaction = transaction
    let known = transaction.inputs.indices.map {
      spentOutputs.indices.contains($0) ? spentOutputs[$0] : nil
    }
    self.spentOutputs = known
    prevouts = Self.hash(transaction.inputs) { $0.append(outpoint: $1.outpoint) }
    sequences = Self.hash(transaction.inputs) { $0.append(littleEndian: $1.sequence) }
    outputs = Self.hash(transaction.outputs) { $0.append(output: $1) }
    let all = known.compactMap { $0 }
    spent =
      all.count == known.count
      ? (
        Self.hash(all) { $0.append(littleEndian: $1.value) },
        Self.hash(all) { $0.append(sized: $1.scriptPubKey) }
      ) : nil
  }

  private static func hash<Item>(
    _ items: [Item], _ append: (inout [UInt8], Item) -> Void
  ) -> Hash32 {
    var bytes: [UInt8] = []
    for item in items { append(&bytes, item) }
    return SHA256.hash(bytes)
  }

  /// The old hash, for inputs that aren't segwit.
  ///
  /// - Parameter scriptCode: the scriptPubKey, or the redeem script of P2SH
  /// - Returns: nil where there is no such input
  package func legacy(input: Int, scriptCode: [UInt8], type: SighashType) -> Hash32? {
    guard transaction.inputs.indices.contains(input) else { return nil }
    if type.isSingle, !transaction.outputs.indices.contains(input) {
      // A bug of the first client that is now consensus: the number one.
      var one = [UInt8](repeating: 0, count: 32)
      one[0] = 1
      return Hash32(one)
    }
    var copy = transaction
    for index in copy.inputs.indices {
      copy.inputs[index].scriptSig = []
      copy.inputs[index].witness = []
      if index != input, type.omitsOutputs || type.isSingle { copy.inputs[index].sequence = 0 }
    }
    copy.inputs[input].scriptSig = Self.withoutCodeSeparators(scriptCode)
    if type.isAnyoneCanPay { copy.inputs = [copy.inputs[input]] }
    if type.omitsOutputs { copy.outputs = [] }
    if type.isSingle {
      copy.outputs = Array(copy.outputs.prefix(input + 1))
      for index in 0..<input {
        copy.outputs[index] = TransactionOutput(value: .max, scriptPubKey: [])
      }
    }
    var bytes = copy.strippedBytes
    bytes.append(littleEndian: type.rawValue)
    return SHA256d.hash(bytes)
  }

  /// The hash of segwit version 0 (BIP-0143).
  ///
  /// - Parameters:
  ///   - scriptCode: the witness script of P2WSH; for P2WPKH the P2PKH script of the same hash
  ///   - value: of the output that is spent, in satoshi
  /// - Returns: nil where there is no such input
  package func segwit(
    input: Int, scriptCode: [UInt8], value: UInt64, type: SighashType
  ) -> Hash32? {
    guard transaction.inputs.indices.contains(input) else { return nil }
    let spending = transaction.inputs[input]
    let isAll = !type.omitsOutputs && !type.isSingle
    var bytes: [UInt8] = []
    bytes.append(littleEndian: transaction.version)
    bytes.append(type.isAnyoneCanPay ? .zero : Self.again(prevouts))
    bytes.append(type.isAnyoneCanPay || !isAll ? .zero : Self.again(sequences))
    bytes.append(outpoint: spending.outpoint)
    bytes.append(sized: scriptCode)
    bytes.append(littleEndian: value)
    bytes.append(littleEndian: spending.sequence)
    if isAll {
      bytes.append(Self.again(outputs))
    } else if type.isSingle, transaction.outputs.indices.contains(input) {
      var output: [UInt8] = []
      output.append(output: transaction.outputs[input])
      bytes.append(SHA256d.hash(output))
    } else {
      bytes.append(Hash32.zero)
    }
    bytes.append(littleEndian: transaction.lockTime)
    bytes.append(littleEndian: type.rawValue)
    return SHA256d.hash(bytes)
  }

  /// The hash of taproot's key path, without annex (BIP-0341).
  ///
  /// - Returns: nil where there is no such input, a spent output isn't known, the type isn't one of
  ///   BIP-0341's, or SINGLE has no output beside the input
  package func taproot(input: Int, type: SighashType) -> Hash32? {
    guard transaction.inputs.indices.contains(input), let output = spentOutputs[input],
      let spent, [0, 1, 2, 3, 0x81, 0x82, 0x83].contains(type.rawValue),
      !type.isSingle || transaction.outputs.indices.contains(input)
    else { return nil }
    // The epoch, and the type in one byte.
    var bytes: [UInt8] = [0, UInt8(truncatingIfNeeded: type.rawValue)]
    bytes.append(littleEndian: transaction.version)
    bytes.append(littleEndian: transaction.lockTime)
    if !type.isAnyoneCanPay {
      bytes.append(prevouts)
      bytes.append(spent.amounts)
      bytes.append(spent.scripts)
      bytes.append(sequences)
    }
    if !type.omitsOutputs, !type.isSingle { bytes.append(outputs) }
    // The spend type: key path, no annex.
    bytes.append(0)
    if type.isAnyoneCanPay {
      bytes.append(outpoint: transaction.inputs[input].outpoint)
      bytes.append(output: output)
      bytes.append(littleEndian: transaction.inputs[input].sequence)
    } else {
      bytes.append(littleEndian: UInt32(truncatingIfNeeded: input))
    }
    if type.isSingle {
      bytes.append(Self.hash([transaction.outputs[input]]) { $0.append(output: $1) })
    }
    return Self.tapSighash.hash(bytes)
  }

  /// The SHA-256d whose inner hash is `hash`.
  private static func again(_ hash: Hash32) -> Hash32 { SHA256.hash(hash.bytes) }

  /// The script without OP_CODESEPARATOR (0xab) between its pushes; what stands behind an opcode
  /// that can't be read stays.
  private static func withoutCodeSeparators(_ script: [UInt8]) -> [UInt8] {
    guard script.contains(0xab) else { return script }
    var result: [UInt8] = []
    var place = 0
    while place < script.count {
      guard let length = ScriptReading.instructionLength(script[place...]) else {
        return result + script[place...]
      }
      if script[place] != 0xab { result += script[place..<place + length] }
      place += length
    }
    return result
  }
}
