internal import Bytes

/// A partially signed Bitcoin transaction, version 0 (BIP-0174), with the fields of taproot
/// (BIP-0371): what an offline signer needs to know of a transaction, and where it puts its
/// signatures.
///
///     70736274ff, the global map, a map for each input, a map for each output
///
/// The maps are kept in the order in which they were written, with all that isn't understood, so
/// that a value gives the bytes it came from.
package struct PSBT: Hashable, Sendable {
  /// Without scripts and witnesses.
  package let transaction: Transaction
  package private(set) var global: PSBTMap
  /// One for each input of the transaction, as `outputs`.
  package var inputs: [PSBTInput]
  package var outputs: [PSBTOutput]

  /// Bounds of what is read: bytes, and entries of all maps together and of each.
  package static let maximumByteCount = 16 << 20
  package static let maximumEntries = 100_000
  package static let maximumEntriesOfMap = 1000

  static let magic: [UInt8] = [0x70, 0x73, 0x62, 0x74, 0xff]

  /// What isn't signed yet: the transaction without scripts and witnesses, and empty maps.
  package init(unsigned transaction: Transaction) {
    var stripped = transaction
    for index in stripped.inputs.indices {
      stripped.inputs[index].scriptSig = []
      stripped.inputs[index].witness = []
    }
    self.transaction = stripped
    global = PSBTMap()
    global.set([PSBTGlobal.unsignedTransaction], to: stripped.strippedBytes)
    inputs = stripped.inputs.map { _ in PSBTInput() }
    outputs = stripped.outputs.map { _ in PSBTOutput() }
  }

  /// From bytes, with nothing behind them.
  package init(bytes: [UInt8]) throws(PSBTError) {
    guard bytes.count <= Self.maximumByteCount else { throw .tooLarge(byteCount: bytes.count) }
    guard bytes.starts(with: Self.magic) else { throw .wrongMagic }
    var reader = WireReader(bytes.span.bytes)
    var room = Self.maximumEntries
    do {
      try reader.skip(Self.magic.count)
    } catch {
      throw .malformed(error)
    }
    global = try PSBTMap(reading: &reader, at: .global, room: &room)
    transaction = try PSBTGlobal.transaction(of: global)
    inputs = []
    for (index, input) in transaction.inputs.enumerated() {
      let map = try PSBTMap(reading: &reader, at: .input(index), room: &room)
      inputs.append(try PSBTInput(map, of: input, at: index))
    }
    outputs = []
    for index in transaction.outputs.indices {
      let map = try PSBTMap(reading: &reader, at: .output(index), room: &room)
      outputs.append(try PSBTOutput(map, at: index))
    }
    do {
      try reader.expectEnd()
    } catch {
      throw .malformed(error)
    }
  }

  /// From Base64, without white space.
  package init(base64 text: String) throws(PSBTError) {
    let count = text.utf8.count
    guard count <= (Self.maximumByteCount + 2) / 3 * 4 else { throw .tooLarge(byteCount: count) }
    guard let bytes = Base64.decode(text) else { throw .notBase64 }
    try self.init(bytes: bytes)
  }

  package var bytes: [UInt8] {
    var bytes = Self.magic
    global.append(to: &bytes)
    for input in inputs { input.map.append(to: &bytes) }
    for output in outputs { output.map.append(to: &bytes) }
    return bytes
  }

  package var base64: String { Base64.encode(bytes) }

  /// What an input spends, from its previous transaction or else from the output alone.
  package func spentOutput(ofInput index: Int) -> TransactionOutput? {
    guard inputs.indices.contains(index) else { return nil }
    return inputs[index].spentOutput(at: transaction.inputs[index].outpoint)
  }

  package var spentOutputs: [TransactionOutput?] { inputs.indices.map(spentOutput(ofInput:)) }

  /// Satoshi: what all inputs spend less what all outputs get. Nil where a spent output isn't
  /// known, and where the outputs get more. Only as true as what the fields say of version 0
  /// outputs without their previous transaction.
  package var fee: UInt64? {
    var spent: UInt64 = 0
    for output in spentOutputs {
      guard let output, case (let sum, false) = spent.addingReportingOverflow(output.value) else {
        return nil
      }
      spent = sum
    }
    for output in transaction.outputs {
      guard output.value <= spent else { return nil }
      spent -= output.value
    }
    return spent
  }

  /// Takes over what `other` knows of the same transaction; where both have a value for a key, this
  /// one's stays.
  ///
  /// - Returns: false where `other` is of another transaction; nothing is taken over then
  package mutating func combine(_ other: PSBT) -> Bool {
    guard other.transaction == transaction else { return false }
    global.formUnion(other.global)
    for index in inputs.indices {
      inputs[index].map.formUnion(
        other.inputs[index].map, appending: PSBTInput.Field.partialSignature)
    }
    for index in outputs.indices { outputs[index].map.formUnion(other.outputs[index].map) }
    return true
  }
}
