package import Bytes

/// One network as `chains/*.yaml` describes it.
package struct ChainSpec: Sendable, Equatable {
  package let name: ChainName
  package let family: Family
  /// The chain's own coin.
  package let coin: ListedAsset
  /// Those of its tokens that payments may be asked in. All others are none of ours.
  package let tokens: [ListedAsset]
  /// The block at height 0, in internal byte order on Bitcoin; nil where it isn't pinned, which is
  /// for development chains only.
  package let genesisHash: Hash32?
  /// How many confirmations (1 = in the tip block) make a transfer final; where nodes tell finality
  /// by a tag, how many it takes besides. A reorg that deep halts crediting.
  package let finalityDepth: UInt32
  /// The tag whose block a final transfer's block must not be above; nil where depth alone decides.
  package let finalityTag: FinalityTag?
  /// How many confirmations a coinbase output needs before it counts.
  package let coinbaseMaturity: UInt32
  /// Whether what is seen on it counts. A chain whose blocks can't be proved is only watched.
  package let isCredited: Bool
  /// How long a block takes, on average.
  package let blockMilliseconds: UInt32
  /// Seconds without a new block after which the chain counts as stalled.
  package let stallSeconds: UInt32

  package enum Family: Sendable, Hashable {
    case bitcoin(BitcoinNetwork)
    case ethereum(EthereumNetwork)

    /// What an account's keys serve, as it stands in the database: `bitcoin`, `ethereum`. All
    /// chains of a family are paid to the same addresses.
    package var name: String {
      switch self {
      case .bitcoin: "bitcoin"
      case .ethereum: "ethereum"
      }
    }

    /// EIP-155's number of an EVM chain; nil on Bitcoin.
    package var chainID: UInt64? {
      switch self {
      case .bitcoin: nil
      case .ethereum(let network): network.chainID
      }
    }

    /// The largest amount that can be asked for, in minor units. On EVM chains far more than there
    /// is of any listed asset, and so little that sums of many stay within 256 bits.
    package var largestAmount: UInt256 {
      switch self {
      case .bitcoin: UInt256(Asset.maximumSatoshi)
      case .ethereum: UInt256(limbs: (.max, .max, 0, 0))
      }
    }

    /// How hashes are written.
    package var hashForm: HashForm {
      switch self {
      case .bitcoin: .bitcoin
      case .ethereum: .ethereum
      }
    }
  }

  package struct ConfirmationTier: Sendable, Equatable {
    package let from: UInt256
    package let confirmations: UInt32

    package init(from: UInt256, confirmations: UInt32) {
      self.from = from
      self.confirmations = confirmations
    }
  }

  package init(
    name: ChainName, family: Family, coin: ListedAsset, tokens: [ListedAsset] = [],
    genesisHash: Hash32?, finalityDepth: UInt32, finalityTag: FinalityTag? = nil,
    coinbaseMaturity: UInt32 = 0, isCredited: Bool = true, blockMilliseconds: UInt32,
    stallSeconds: UInt32
  ) {
    self.name = name
    self.family = family
    self.coin = coin
    self.tokens = tokens
    self.genesisHash = genesisHash
    self.finalityDepth = finalityDepth
    self.finalityTag = finalityTag
    self.coinbaseMaturity = coinbaseMaturity
    self.isCredited = isCredited
    self.blockMilliseconds = blockMilliseconds
    self.stallSeconds = stallSeconds
  }

  /// A chain with its own coin alone.
  package init(
    name: ChainName, family: Family, asset: Asset, genesisHash: Hash32, finalityDepth: UInt32,
    coinbaseMaturity: UInt32, dustLimit: UInt256, confirmationTiers: [ConfirmationTier],
    creditLimits: CreditLimits = .none, stallSeconds: UInt32
  ) {
    self.init(
      name: name, family: family,
      coin: ListedAsset(
        asset, dustLimit: dustLimit, confirmationTiers: confirmationTiers,
        creditLimits: creditLimits),
      genesisHash: genesisHash, finalityDepth: finalityDepth, coinbaseMaturity: coinbaseMaturity,
      blockMilliseconds: BitcoinNetwork.blockMilliseconds, stallSeconds: stallSeconds)
  }

  /// The chain's own coin.
  package var asset: Asset { coin.asset }
  /// Of the chain's own coin.
  package var dustLimit: UInt256 { coin.dustLimit }
  /// Of the chain's own coin.
  package var creditLimits: CreditLimits { coin.creditLimits }

  /// All that payments may be asked in, the chain's own coin first.
  package var assets: [ListedAsset] { [coin] + tokens }

  /// The listed asset that people call so; nil where there is none.
  package func listed(_ symbol: String) -> ListedAsset? {
    coin.asset.symbol == symbol ? coin : tokens.first { $0.asset.symbol == symbol }
  }

  /// What is listed of an asset; nil where it isn't.
  package func listed(_ asset: Asset) -> ListedAsset? {
    coin.asset == asset ? coin : tokens.first { $0.asset == asset }
  }

  /// The listed token with this contract; nil where there is none, whatever it calls itself.
  package func token(_ contract: Hash20) -> ListedAsset? {
    tokens.first { $0.asset.contract == contract }
  }

  /// The confirmations that a payment of `amount` needs to count as paid, never more than finality;
  /// all of them for what isn't listed.
  package func confirmations(for amount: Amount) -> UInt32 {
    let tier = listed(amount.asset)?.confirmationTiers.last { $0.from <= amount.minorUnits }
    return min(tier?.confirmations ?? finalityDepth, finalityDepth)
  }
}
