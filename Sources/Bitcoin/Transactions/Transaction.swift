package import Bytes
package import ChainTypes
internal import Digests

/// A Bitcoin transaction.
///
/// Wire form (BIP-0144), numbers little-endian: version (4); where a witness follows, marker 00 and
/// flag 01; inputs; outputs; one witness stack per input; lock time (4). Inputs, outputs, stacks
/// and byte strings each stand behind their CompactSize count.
package struct Transaction: Hashable, Sendable {
  package var version: UInt32
  package var inputs: [TransactionInput]
  package var outputs: [TransactionOutput]
  package var lockTime: UInt32

  package init(
    version: UInt32 = 2, inputs: [TransactionInput], outputs: [TransactionOutput],
    lockTime: UInt32 = 0
  ) {
    self.version = version
    self.inputs = inputs
    self.outputs = outputs
    self.lockTime = lockTime
  }

  package var hasWitness: Bool { inputs.contains { !$0.witness.isEmpty } }

  /// Whether this creates a block's new coins: one input, which spends the null outpoint.
  package var isCoinbase: Bool { inputs.count == 1 && inputs[0].outpoint.isNull }

  /// The wire form: with its witness where there is one.
  package var bytes: [UInt8] { serialized(withWitness: hasWitness) }

  /// The form without witness, which the txid commits to.
  package var strippedBytes: [UInt8] { serialized(withWitness: false) }

  /// The same without its witness, which has the same txid.
  var withoutWitness: Transaction {
    var copy = self
    for index in copy.inputs.indices { copy.inputs[index].witness = [] }
    return copy
  }

  /// SHA-256d of the stripped form, in internal byte order.
  package var txid: Hash32 { SHA256d.hash(strippedBytes) }

  /// SHA-256d of the wire form, in internal byte order; the txid where there is no witness.
  package var wtxid: Hash32 { SHA256d.hash(bytes) }

  /// Three times the stripped size plus the whole size, in bytes (BIP-0141).
  package var weight: Int { 3 * strippedBytes.count + bytes.count }

  /// A quarter of the weight, rounded up: virtual bytes.
  package var vsize: Int { (weight + 3) / 4 }

  private func serialized(withWitness: Bool) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.append(littleEndian: version)
    if withWitness { bytes += [0x00, 0x01] }
    bytes.append(compactSize: inputs.count)
    for input in inputs {
      bytes.append(outpoint: input.outpoint)
      bytes.append(sized: input.scriptSig)
      bytes.append(littleEndian: input.sequence)
    }
    bytes.append(compactSize: outputs.count)
    for output in outputs { bytes.append(output: output) }
    if withWitness {
      for input in inputs {
        bytes.append(compactSize: input.witness.count)
        for item in input.witness { bytes.append(sized: item) }
      }
    }
    bytes.append(littleEndian: lockTime)
    return bytes
  }
}

/// What a transaction spends, and the data that unlocks it.
package struct TransactionInput: Hashable, Sendable {
  package var outpoint: Outpoint
  package var scriptSig: [UInt8]
  package var sequence: UInt32
  /// The items of the witness stack, bottom first.
  package var witness: [[UInt8]]

  package init(
    outpoint: Outpoint, scriptSig: [UInt8] = [], sequence: UInt32 = 0xffff_fffd,
    witness: [[UInt8]] = []
  ) {
    self.outpoint = outpoint
    self.scriptSig = scriptSig
    self.sequence = sequence
    self.witness = witness
  }
}

/// An amount, and the script that says who may spend it.
package struct TransactionOutput: Hashable, Sendable {
  /// Satoshi.
  package var value: UInt64
  package var scriptPubKey: [UInt8]

  package init(value: UInt64, scriptPubKey: [UInt8]) {
    self.value = value
    self.scriptPubKey = scriptPubKey
  }
}

extension [UInt8] {
  /// The 36 bytes.
  mutating func append(outpoint: Outpoint) {
    append(outpoint.txid)
    append(littleEndian: outpoint.vout)
  }

  mutating func append(output: TransactionOutput) {
    append(littleEndian: output.value)
    append(sized: output.scriptPubKey)
  }
}
