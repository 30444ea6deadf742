internal import Addresses
internal import Bytes
internal import ChainSim
internal import ChainTypes
internal import Ethereum

// An EVM chain's blocks, by what the simulated machine itself has noted when it ran them.
extension TrueBlock {
  init(_ block: SimulatedEthereumBlock) {
    var (transfers, sent) = ([TrueTransfer](), [TrueSending]())
    for (known, outcome) in zip(block.transactions, block.outcomes) {
      transfers += TrueTransfer.all(in: known, outcome)
      guard known.transaction.type != .deposit else { continue }
      sent.append(
        TrueSending(
          txid: known.hash, sender: known.sender.hash.bytes, nonce: known.transaction.nonce,
          fee: Self.fee(of: known, outcome, in: block)))
    }
    self.init(
      ref: block.ref, parent: block.header.parentHash, time: Int64(block.header.timestamp),
      transfers: transfers, sent: sent, proof: { _ in nil })
  }

  /// Its gas, and what an OP-stack chain takes besides.
  private static func fee(
    of known: KnownEthereumTransaction, _ outcome: SimulatedEthereumBlock.Outcome,
    in block: SimulatedEthereumBlock
  ) -> UInt256 {
    let besides = block.l1Attributes?.fee(
      of: known.encoded.span.bytes, gasUsed: outcome.gasUsed)
    let gas = try? outcome.effectiveGasPrice.multiplied(by: UInt256(outcome.gasUsed))
    return (try? gas?.adding(besides ?? .zero)) ?? .max
  }
}

extension TrueTransfer {
  /// keccak256("Transfer(address,address,uint256)").
  private static let transferTopic =
    "ddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"

  fileprivate static func all(
    in known: KnownEthereumTransaction, _ outcome: SimulatedEthereumBlock.Outcome
  ) -> [TrueTransfer] {
    var transfers: [TrueTransfer] = []
    let hasFailed = outcome.receipt.outcome == .failed
    if let recipient = known.transaction.recipient, recipient != known.sender,
      known.transaction.value > .zero
    {
      transfers.append(
        TrueTransfer(
          key: TransferKey(txid: known.hash, position: "value"), recipient: recipient.hash.bytes,
          contract: "", value: known.transaction.value, hasFailed: hasFailed,
          sender: known.sender.hash.bytes))
    }
    guard !hasFailed else { return transfers }
    for (place, log) in outcome.receipt.logs.enumerated() {
      guard log.topics.count == 3, log.topics[0].hex == transferTopic, log.data.count == 32,
        let recipient = account(log.topics[2]), let sender = account(log.topics[1]),
        let value = UInt256(bigEndian: log.data)
      else { continue }
      transfers.append(
        TrueTransfer(
          key: TransferKey(txid: known.hash, position: "log:\(place)"), recipient: recipient,
          contract: "0x\(log.address.hash.hex)", value: value, sender: sender))
    }
    addCalls(of: outcome.trace, path: [], txid: known.hash, to: &transfers)
    return transfers
  }

  /// The 20 bytes behind twelve zeros.
  private static func account(_ topic: Hash32) -> [UInt8]? {
    topic.bytes.prefix(12).allSatisfy { $0 == 0 } ? Array(topic.bytes.dropFirst(12)) : nil
  }

  /// What the calls that a frame made moved; of one that failed nothing, nor of those below it.
  private static func addCalls(
    of frame: CallFrame, path: [Int], txid: Hash32, to transfers: inout [TrueTransfer]
  ) {
    for (index, call) in frame.calls.enumerated() where call.error == nil {
      let path = path + [index]
      switch call.kind {
      case .call, .create, .create2, .selfDestruct:
        guard let recipient = call.to, let value = call.value, value > .zero,
          recipient != call.from
        else { break }
        transfers.append(
          TrueTransfer(
            key: TransferKey(
              txid: txid, position: "trace:" + path.map(String.init).joined(separator: ".")),
            recipient: recipient.hash.bytes, contract: "", value: value, isInner: true,
            sender: call.from.hash.bytes))
      case .callCode, .delegateCall, .staticCall: break
      }
      addCalls(of: call, path: path, txid: txid, to: &transfers)
    }
  }
}
