package import Addresses
package import Bytes
internal import Digests

/// A block header of an EVM chain (yellow paper, section 4.3, and the EIPs named below).
///
/// Its hash is the Keccak-256 of its RLP: fifteen fields, and behind them those that later forks
/// have added, each only where all before it are there.
package struct EthereumHeader: Hashable, Sendable {
  package var parentHash: Hash32
  package var ommersHash: Hash32
  /// The fee recipient: `miner` in JSON.
  package var beneficiary: EthereumAddress
  package var stateRoot: Hash32
  package var transactionsRoot: Hash32
  package var receiptsRoot: Hash32
  package var logsBloom: LogBloom
  package var difficulty: UInt256
  package var number: UInt64
  package var gasLimit: UInt64
  package var gasUsed: UInt64
  /// Seconds since 1970.
  package var timestamp: UInt64
  package var extraData: [UInt8]
  /// Since the merge the beacon chain's randomness.
  package var mixHash: Hash32
  /// Eight bytes, most significant first.
  package var nonce: UInt64
  /// Wei; since London (EIP-1559).
  package var baseFeePerGas: UInt256?
  /// Since Shanghai (EIP-4895).
  package var withdrawalsRoot: Hash32?
  /// Since Cancun (EIP-4844), as the two that follow (EIP-4788).
  package var blobGasUsed: UInt64?
  package var excessBlobGas: UInt64?
  package var parentBeaconBlockRoot: Hash32?
  /// Since Prague (EIP-7685).
  package var requestsHash: Hash32?
  /// From Amsterdam on (EIP-7928, EIP-7843).
  package var blockAccessListHash: Hash32?
  package var slotNumber: UInt64?

  /// The hash of an empty list of ommers.
  package static let emptyOmmersHash = Keccak256.hash([0xc0])

  /// A header before London without ommers, transactions or logs.
  package init(number: UInt64, parentHash: Hash32, stateRoot: Hash32, timestamp: UInt64) {
    self.parentHash = parentHash
    ommersHash = Self.emptyOmmersHash
    beneficiary = EthereumAddress(Hash20())
    self.stateRoot = stateRoot
    transactionsRoot = TrieRoot.empty
    receiptsRoot = TrieRoot.empty
    logsBloom = LogBloom()
    difficulty = .zero
    self.number = number
    gasLimit = 0
    gasUsed = 0
    self.timestamp = timestamp
    extraData = []
    mixHash = .zero
    nonce = 0
  }

  package var hash: Hash32 { Keccak256.hash(rlp) }
}

// RLP.
extension EthereumHeader {
  /// From a header's encoding. Fields beyond those of known forks make it unverifiable.
  package init(rlp bytes: RawSpan) throws(EthereumError) {
    do {
      var reader = try RLPReader(list: bytes)
      try self.init(required: &reader)
      try readForkFields(&reader)
      guard reader.isAtEnd else { throw EthereumError.unverifiable(.headerFields) }
    } catch let error as RLPError {
      throw .rlp(error)
    } catch let error as EthereumError {
      throw error
    } catch {
      throw .unverifiable(.headerFields)
    }
  }

  /// The fifteen fields of every header.
  private init(required reader: inout RLPReader) throws(RLPError) {
    parentHash = try reader.readHash32()
    ommersHash = try reader.readHash32()
    beneficiary = try reader.readAddress()
    stateRoot = try reader.readHash32()
    transactionsRoot = try reader.readHash32()
    receiptsRoot = try reader.readHash32()
    logsBloom = try reader.readLogBloom()
    difficulty = try reader.readUInt256()
    number = try reader.readUInt64()
    gasLimit = try reader.readUInt64()
    gasUsed = try reader.readUInt64()
    timestamp = try reader.readUInt64()
    extraData = try reader.readBytes()
    mixHash = try reader.readHash32()
    let item = try reader.readString(byteCount: 8)
    nonce = UInt64(
      bigEndian: reader.bytes.unsafeLoadUnaligned(
        fromUncheckedByteOffset: item.payload.lowerBound, as: UInt64.self))
  }

  private mutating func readForkFields(_ reader: inout RLPReader) throws(RLPError) {
    if reader.isAtEnd { return }
    baseFeePerGas = try reader.readUInt256()
    if reader.isAtEnd { return }
    withdrawalsRoot = try reader.readHash32()
    if reader.isAtEnd { return }
    blobGasUsed = try reader.readUInt64()
    if reader.isAtEnd { return }
    excessBlobGas = try reader.readUInt64()
    if reader.isAtEnd { return }
    parentBeaconBlockRoot = try reader.readHash32()
    if reader.isAtEnd { return }
    requestsHash = try reader.readHash32()
    if reader.isAtEnd { return }
    blockAccessListHash = try reader.readHash32()
    if reader.isAtEnd { return }
    slotNumber = try reader.readUInt64()
  }

  package var rlp: [UInt8] {
    var writer = RLPWriter()
    append(to: &writer)
    return writer.bytes
  }

  package func append(to writer: inout RLPWriter) {
    let list = writer.openList()
    writer.append(parentHash)
    writer.append(ommersHash)
    writer.append(beneficiary)
    writer.append(stateRoot)
    writer.append(transactionsRoot)
    writer.append(receiptsRoot)
    writer.append(logsBloom.bytes)
    writer.append(difficulty)
    writer.append(number)
    writer.append(gasLimit)
    writer.append(gasUsed)
    writer.append(timestamp)
    writer.append(extraData)
    writer.append(mixHash)
    writer.append(withUnsafeBytes(of: nonce.bigEndian) { Array($0) })
    if let baseFeePerGas { writer.append(baseFeePerGas) }
    if let withdrawalsRoot { writer.append(withdrawalsRoot) }
    if let blobGasUsed { writer.append(blobGasUsed) }
    if let excessBlobGas { writer.append(excessBlobGas) }
    if let parentBeaconBlockRoot { writer.append(parentBeaconBlockRoot) }
    if let requestsHash { writer.append(requestsHash) }
    if let blockAccessListHash { writer.append(blockAccessListHash) }
    if let slotNumber { writer.append(slotNumber) }
    writer.closeList(list)
  }

  /// Whether each fork's field stands only behind those of the forks before it: otherwise the
  /// encoding says something else than the header.
  package var hasContiguousFields: Bool {
    let present = [
      baseFeePerGas != nil, withdrawalsRoot != nil, blobGasUsed != nil, excessBlobGas != nil,
      parentBeaconBlockRoot != nil, requestsHash != nil, blockAccessListHash != nil,
      slotNumber != nil,
    ]
    return zip(present, present.dropFirst()).allSatisfy { $0 || !$1 }
  }
}

extension RLPReader {
  @_lifetime(self: copy self)
  mutating func readLogBloom() throws(RLPError) -> LogBloom {
    let item = try readString(byteCount: LogBloom.byteCount)
    return LogBloom(bytes: bytes, at: item.payload.lowerBound)
  }
}
