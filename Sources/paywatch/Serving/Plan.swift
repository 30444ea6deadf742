internal import Bytes
internal import ChainTypes
internal import Deployment
internal import Keys
internal import Settings
internal import Settlement
internal import Tokens
internal import Watching

/// What a pipeline is made of: the configuration, with everything in it understood.
struct Plan: Sendable {
  struct Tenant: Sendable {
    let id: String
    let name: String
    let policy: TenantPolicy
    /// Each on the branch of the restore epoch.
    let accounts: [AccountKeys]
  }

  let configuration: PaywatchConfiguration
  let tenants: [Tenant]

  /// Reads and checks the configuration's file; the failure names every mistake.
  init(file: String, environment: [String: String] = [:]) throws(CommandFailure) {
    do {
      configuration = try .load(file, environment: environment)
    } catch {
      throw CommandFailure(error.description)
    }
    var tenants: [Tenant] = []
    var mistakes: [String] = []
    for (place, tenant) in configuration.tenants.enumerated() {
      var accounts: [AccountKeys] = []
      for (index, account) in tenant.accounts.enumerated() {
        do {
          accounts.append(try Self.keys(of: account, in: configuration))
        } catch {
          let path = "tenants[\(place)].accounts[\(index)].descriptor"
          mistakes.append("\(file): \(path): \(error)")
        }
      }
      tenants.append(
        Tenant(
          id: tenant.id, name: tenant.name,
          policy: TenantPolicy(tenant.policies),
          accounts: accounts))
    }
    do {
      _ = try configuration.kafka?.configuration()
      _ = try configuration.kafka?.eventTopics()
    } catch {
      mistakes.append("\(file): kafka: \(error)")
    }
    guard mistakes.isEmpty else { throw CommandFailure(mistakes.joined(separator: "\n")) }
    self.tenants = tenants
  }

  /// What believes people's tokens; nil where none are taken.
  func tokenVerifier() async throws(CommandFailure) -> TokenVerifier? {
    guard let tokens = configuration.tokens else { return nil }
    do {
      return try await tokens.verifier()
    } catch {
      throw CommandFailure("\(error)")
    }
  }

  private static func keys(
    of account: AccountSettings, in configuration: PaywatchConfiguration
  ) throws(CommandFailure) -> AccountKeys {
    let family = configuration.chains.first { $0.spec.family.name == account.family.rawValue }
    guard let family = family?.spec.family else {
      throw CommandFailure("No chain of its family is configured.")
    }
    let unmovable = CommandFailure("It must be an account's descriptor, which ends with /0/*.")
    do {
      let keys = try AccountKeys(account.descriptor, for: family)
      // A restored region goes on where no address has been given out; see BIP-0032's branches.
      let branch = try keys.onBranch(2 * configuration.restoreEpoch)
      guard keys.isRanged, let branch else { throw unmovable }
      // At epoch 0 both are the same: another branch there would be that of a later epoch.
      guard configuration.restoreEpoch > 0 || branch.text == keys.text else { throw unmovable }
      return branch
    } catch AccountKeys.ParsingError.descriptor(let error) {
      throw CommandFailure("It isn't an output descriptor of this network: \(error).")
    } catch AccountKeys.ParsingError.account(let error) {
      throw CommandFailure(
        "It isn't an EVM account's key, such as [73c5da0a/44h/60h/0h]xpub…/0/*: \(error).")
    } catch {
      throw unmovable
    }
  }
}
