internal import Foundation

/// The demos' configuration files.
enum DemoConfiguration {
  /// BIP-0084's published words: whoever wants to has the private keys.
  static let bitcoinWords =
    "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about"
  /// The words that development nodes use.
  static let ethereumWords = "test test test test test test test test test test test junk"

  /// Of `bitcoinWords`, on test networks.
  private static let descriptor =
    "wpkh([73c5da0a/84h/1h/0h]tpubDC8msFGeGuwnKG9Upg7DM2b4DaRqg3CUZa5g8v2SRQ6K4NSkxUgd7HsL2XVWbVm39"
    + "yBA4LAxysQAm397zwQSQoQgewGiYZqrA9DsP4zbQ1M/0/*)#evh9fu0w"

  /// Of `ethereumWords`.
  private static let account =
    "[16a93ed0/44h/1h/0h]xpub6Cb32hxJb7m2c37FsVMRAYWeBvqx1vG4XDzuTJ76ktJsxCaeg6UDAvGuTyg6xTRNntq1"
    + "w8qVEpMi8i1CdgsqSA611kMM5yFzCpHgwUtMSGc/0/*"

  static func embedded(_ nodes: DemoNodes, chains: String) -> String {
    """
    database: { sqlite: paywatch.sqlite }
    log_level: warning
    address_pool: { ready: 20 }
    prices: { pairs: [BTC-USD, USDC-USD], fixed: { BTC-USD: "80000", USDC-USD: "0.9998" } }
    webhooks: { allow_http: true, allow_private_hosts: true }

    """ + shared(nodes, chains: chains)
  }

  /// The description of the demo's EVM chain, with the contracts of its tokens.
  static func ethereumChain(usdc: String, usdt: String) -> String {
    """
    name: ethereum-demo
    family: ethereum
    network: development
    chain_id: 1337
    profile: ethereum
    asset: { symbol: ETH, decimals: 18 }
    finality_tag: finalized
    finality_depth: 4
    block_milliseconds: 1000
    stall_seconds: 86400
    dust_limit: "0.000001"
    confirmations: [{ from: "0", depth: 2 }]
    credit_limits: { single: none, quorum: none }
    tokens:
      - { symbol: USDC, contract: "\(usdc)", decimals: 6, dust_limit: "0.01",
          confirmations: [{ from: "0", depth: 2 }], credit_limits: { single: none, quorum: none } }
      - { symbol: USDT, contract: "\(usdt)", decimals: 6, dust_limit: "0.01",
          confirmations: [{ from: "0", depth: 2 }], credit_limits: { single: none, quorum: none } }
    """
  }

  static func distributed(
    database: String, brokers: String, redis: String, _ nodes: DemoNodes, chains: String
  ) -> String {
    """
    database: { postgresql: { url: "\(database)", password_file: database-password } }
    kafka: { brokers: "\(brokers)" }
    redis: { url: "\(redis)" }
    log_level: info
    address_pool: { ready: 100 }

    """ + shared(nodes, chains: chains)
  }

  private static func shared(_ nodes: DemoNodes, chains: String) -> String {
    """
    region: demo
    listen: { host: 127.0.0.1, port: 0 }
    chains_directory: "\(URL(filePath: chains).path)"
    chains:
      - name: bitcoin-regtest
        poll_milliseconds: 100
        nodes:
          - { name: chainsim, url: "\(nodes.url)", cookie_file: cookie }
      - name: ethereum-demo
        spec: ethereum-demo.yaml
        poll_milliseconds: 100
        traces: true
        nodes:
          - { name: chainsim-ethereum, url: "\(nodes.ethereumURL)" }
    tenants:
      - id: demo
        accounts:
          - { family: bitcoin, descriptor: "\(descriptor)" }
          - { family: ethereum, descriptor: "\(account)" }
        policies:
          late: hold
          expiry_seconds: { default: 900, min: 2, max: 86400 }
    """
  }
}
