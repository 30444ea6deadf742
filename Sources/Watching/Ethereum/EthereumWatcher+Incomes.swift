internal import Bytes
internal import ChainTypes
internal import Ethereum

// Coin that comes without a transfer.
extension EthereumWatcher {
  /// What the proved block brought to watched addresses by withdrawals, and as tips to its
  /// beneficiary.
  func incomes(
    in proof: BlockProof, at block: BlockRef
  ) throws(BlockProofError) -> [AddressIncome] {
    let accounts = WatchedAccounts(set: standing.watched)
    var incomes: [AddressIncome] = []
    for withdrawal in proof.withdrawals where withdrawal.gwei > 0 {
      guard let ordinal = accounts.ordinal(of: withdrawal.recipient) else { continue }
      var income = AddressIncome(
        block: block, ordinal: ordinal, source: .withdrawal(withdrawal.index),
        value: withdrawal.value)
      // Indexes count all withdrawals there ever were; a chain that counts otherwise breaks
      // nothing.
      if let place = incomes.firstIndex(where: {
        $0.ordinal == ordinal && $0.source == income.source
      }) {
        guard let sum = try? incomes[place].value.adding(income.value) else { continue }
        income = AddressIncome(block: block, ordinal: ordinal, source: income.source, value: sum)
        incomes.remove(at: place)
      }
      incomes.append(income)
    }
    if let ordinal = accounts.ordinal(of: proof.header.beneficiary),
      let tips = try proof.tips(), tips > .zero
    {
      incomes.append(AddressIncome(block: block, ordinal: ordinal, source: .fees, value: tips))
    }
    return incomes
  }
}
