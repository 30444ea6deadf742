internal import Addresses
internal import Bytes

/// The members of a block in JSON that its hash covers, in the order of the header's encoding.
enum HeaderMember: Int, AnswerMember {
  case parentHash, sha3Uncles, miner, stateRoot, transactionsRoot, receiptsRoot, logsBloom
  case difficulty, number, gasLimit, gasUsed, timestamp, extraData, mixHash, nonce
  case baseFeePerGas, withdrawalsRoot, blobGasUsed, excessBlobGas, parentBeaconBlockRoot
  case requestsHash, blockAccessListHash, slotNumber

  static let names = MemberNames<HeaderMember>()
}

extension AnswerMembers<HeaderMember> {
  /// The header that the members say.
  func header(in reader: borrowing AnswerReader) throws(AnswerError) -> EthereumHeader {
    var header = EthereumHeader(
      number: try number64(.number, in: reader), parentHash: try hash(.parentHash, in: reader),
      stateRoot: try hash(.stateRoot, in: reader), timestamp: try number64(.timestamp, in: reader))
    header.ommersHash = try hash(.sha3Uncles, in: reader)
    header.beneficiary = try reader.address(required(.miner), "miner")
    header.transactionsRoot = try hash(.transactionsRoot, in: reader)
    header.receiptsRoot = try hash(.receiptsRoot, in: reader)
    guard let bloom = LogBloom(try reader.data(required(.logsBloom), "logsBloom")) else {
      throw .invalid("logsBloom")
    }
    header.logsBloom = bloom
    header.difficulty = try reader.number(required(.difficulty), "difficulty")
    header.gasLimit = try number64(.gasLimit, in: reader)
    header.gasUsed = try number64(.gasUsed, in: reader)
    header.extraData = try reader.data(required(.extraData), "extraData")
    header.mixHash = try hash(.mixHash, in: reader)
    let nonce = try reader.data(required(.nonce), "nonce")
    guard nonce.count == 8 else { throw .invalid("nonce") }
    header.nonce = nonce.reduce(0) { $0 << 8 | UInt64($1) }
    header.baseFeePerGas = try self[.baseFeePerGas].map { text throws(AnswerError) in
      try reader.number(text, "baseFeePerGas")
    }
    header.withdrawalsRoot = try optionalHash(.withdrawalsRoot, in: reader)
    header.blobGasUsed = try optionalNumber64(.blobGasUsed, in: reader)
    header.excessBlobGas = try optionalNumber64(.excessBlobGas, in: reader)
    header.parentBeaconBlockRoot = try optionalHash(.parentBeaconBlockRoot, in: reader)
    header.requestsHash = try optionalHash(.requestsHash, in: reader)
    header.blockAccessListHash = try optionalHash(.blockAccessListHash, in: reader)
    header.slotNumber = try optionalNumber64(.slotNumber, in: reader)
    return header
  }

  private func hash(
    _ member: HeaderMember, in reader: borrowing AnswerReader
  ) throws(AnswerError) -> Hash32 {
    try reader.hash32(required(member), "\(member)")
  }

  private func number64(
    _ member: HeaderMember, in reader: borrowing AnswerReader
  ) throws(AnswerError) -> UInt64 {
    try reader.number64(required(member), "\(member)")
  }

  private func optionalHash(
    _ member: HeaderMember, in reader: borrowing AnswerReader
  ) throws(AnswerError) -> Hash32? {
    guard let text = self[member] else { return nil }
    return try reader.hash32(text, "\(member)")
  }

  private func optionalNumber64(
    _ member: HeaderMember, in reader: borrowing AnswerReader
  ) throws(AnswerError) -> UInt64? {
    guard let text = self[member] else { return nil }
    return try reader.number64(text, "\(member)")
  }
}
