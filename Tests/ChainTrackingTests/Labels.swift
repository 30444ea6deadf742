import Bytes
import ChainTracking
import ChainTypes
import Digests
import Testing

/// Blocks and transactions of a test, named by labels as in its drawing.
func hash(_ label: String) -> Hash32 { SHA256.hash(Array(label.utf8)) }

func outpoint(_ label: String, _ vout: UInt32 = 0) -> Outpoint {
  Outpoint(txid: hash(label), vout: vout)
}

func transferID(_ label: String, _ vout: UInt32 = 0) throws -> TransferID {
  let chain = try #require(ChainName("bitcoin-regtest"))
  return TransferID(chain: chain, txid: hash(label), position: .vout(vout))
}

/// A transfer of the transaction `label`, which spends outputs of the transactions `spending`.
func found(
  _ label: String, vout: UInt32 = 0, value: UInt64 = 10_000, spending: [String] = [],
  isCoinbase: Bool = false, confirmations: UInt32 = 2, finality: UInt32 = 4
) throws -> FoundTransfer {
  FoundTransfer(
    id: try transferID(label, vout), ordinal: 7, value: UInt256(value),
    inputs: isCoinbase
      ? [Outpoint(txid: .zero, vout: .max)]
      : (spending.isEmpty ? [label + "-coin"] : spending).map { outpoint($0) },
    isCoinbase: isCoinbase,
    requirement: ConfirmationRequirement(confirmations: confirmations, finality: finality))
}

func spend(_ label: String, of coin: String) -> Spend {
  Spend(outpoint: outpoint(coin), txid: hash(label))
}

func look(
  _ found: [FoundTransfer] = [], present: [String] = [], spends: [Spend] = [],
  isComplete: Bool = true, kept: [String] = []
) -> MempoolLook {
  MempoolLook(
    found: found, present: Set(found.map(\.id.txid)).union(present.map(hash)), spends: spends,
    isComplete: isComplete, kept: Set(kept.map(hash)))
}
