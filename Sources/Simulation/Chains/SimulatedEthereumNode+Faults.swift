internal import Addresses
internal import Bytes
internal import ChainSim
internal import ChainTypes

// Saboteurs on an EVM chain.
extension SimulatedEthereumNode {
  private static let stranger = BlockExtras.standardFeeRecipient

  func faults() -> [Fault.Kind] {
    Fault.Kind.general + (Self.gaps + Self.refutable).map { .ethereum($0) }
  }

  /// Answers that lack something.
  private static let gaps: [EthereumFault] = [
    .nullReceipts, .nullBlocks, .prunedState(depth: 0), .prunedState(depth: 3), .noFinality,
    .syncing, .preconfirmedReceipts,
  ]

  /// Answers that the roots of headers refute.
  private static let refutable: [EthereumFault] =
    ([
      .anotherBlock, .stateRoot, .transactionsRoot, .receiptsRoot, .withdrawalsRoot, .logsBloom,
      .timestamp, .parentHash, .rehashed, .unknownMember, .missingTransaction, .hashesOnly,
      .withdrawal,
    ] as [EthereumBlockForgery]).map { .forgedBlock($0) }
    + ([.recipient(stranger), .value(99), .input([1, 2]), .unknownType] as [TransactionForgery])
    .map { .forgedTransaction($0) }
    + ([
      .empty, .missing, .extra, .status, .bloom, .gas, .logRecipient(stranger), .logValue(99),
      .missingLog, .reversed, .blockHash, .unknownType,
    ] as [ReceiptForgery]).map { .forgedReceipts($0) }
    + ([.balance(5), .truncated, .flippedBit, .parentState] as [ProofForgery])
    .map { .forgedProof($0) }

  func lies(about recipient: [UInt8]?, isAlone: Bool) -> [Fault.Kind] {
    var lies: [EthereumFault] = [
      .wrongFinalized, .forgedTraces(.withoutErrors), .forgedTraces(.doubled),
    ]
    if !isAlone { lies += [.forgedTraces(.withoutCalls), .forgedTraces(.missing)] }
    if let victim = recipient.flatMap({ Hash20($0) }).map(EthereumAddress.init) {
      lies += [
        .forgedTraces(.phantom(to: victim, 7_000_000_000_000)),
        .forgedReceipts(
          .addedTransfer(contract: SimulatedContracts.usdc, to: victim, 70_000)),
        .forgedTransaction(.recipient(victim)), .forgedTransaction(.sender(victim)),
      ]
    }
    return lies.map { .ethereum($0) }
  }
}
