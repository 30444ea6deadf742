internal import Foundation

/// The demos' configuration files.
enum DemoConfiguration {
  /// Of BIP-0084's published words, on test networks: whoever wants to has its private keys.
  private static let descriptor =
    "wpkh([73c5da0a/84h/1h/0h]tpubDC8msFGeGuwnKG9Upg7DM2b4DaRqg3CUZa5g8v2SRQ6K4NSkxUgd7HsL2XVWbVm39"
    + "yBA4LAxysQAm397zwQSQoQgewGiYZqrA9DsP4zbQ1M/0/*)#evh9fu0w"

  static func embedded(node url: String, chains: String) -> String {
    """
    database: { sqlite: paywatch.sqlite }
    log_level: warning
    address_pool: { ready: 20 }

    """ + shared(node: url, chains: chains)
  }

  static func distributed(
    database: String, brokers: String, redis: String, node url: String, chains: String
  ) -> String {
    """
    database: { postgresql: { url: "\(database)", password_file: database-password } }
    kafka: { brokers: "\(brokers)" }
    redis: { url: "\(redis)" }
    log_level: info
    address_pool: { ready: 100 }

    """ + shared(node: url, chains: chains)
  }

  private static func shared(node url: String, chains: String) -> String {
    """
    region: demo
    listen: { host: 127.0.0.1, port: 0 }
    chains_directory: "\(URL(filePath: chains).path)"
    chains:
      - name: bitcoin-regtest
        poll_milliseconds: 100
        nodes:
          - { name: chainsim, url: "\(url)", cookie_file: cookie }
    tenants:
      - id: demo
        accounts:
          - { family: bitcoin, descriptor: "\(descriptor)" }
        policies:
          late: hold
          expiry_seconds: { default: 900, min: 2, max: 86400 }
    """
  }
}
