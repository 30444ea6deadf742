internal import Bytes
internal import ChainTypes
internal import Deployment
internal import Keys
internal import Payments
internal import Settings
internal import Settlement
internal import Watching

/// What a pipeline is made of: the configuration, with everything in it understood.
struct Plan: Sendable {
  struct Tenant: Sendable {
    let id: String
    let name: String
    let policy: TenantPolicy
    /// Each on the branch of the restore epoch.
    let accounts: [Descriptor]
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
      var accounts: [Descriptor] = []
      for (index, account) in tenant.accounts.enumerated() {
        do {
          accounts.append(try Self.descriptor(account, in: configuration))
        } catch {
          let path = "tenants[\(place)].accounts[\(index)].descriptor"
          mistakes.append("\(file): \(path): \(error)")
        }
      }
      tenants.append(
        Tenant(
          id: tenant.id, name: tenant.name,
          policy: TenantPolicy(tenant.policies, asset: configuration.chains.first?.spec.asset),
          accounts: accounts))
    }
    do {
      _ = try configuration.kafka?.configuration()
    } catch {
      mistakes.append("\(file): kafka: \(error)")
    }
    guard mistakes.isEmpty else { throw CommandFailure(mistakes.joined(separator: "\n")) }
    self.tenants = tenants
  }

  private static func descriptor(
    _ account: AccountSettings, in configuration: PaywatchConfiguration
  ) throws(CommandFailure) -> Descriptor {
    guard let network = configuration.chains.first?.watcherSettings.network else {
      throw CommandFailure("No chain of its family is configured.")
    }
    let unmovable = CommandFailure("It must be an account's descriptor, which ends with /0/*.")
    do {
      let descriptor = try Descriptor(account.descriptor, network: network, checksum: .required)
      // A restored region goes on where no address has been given out; see BIP-0032's branches.
      let branch = try descriptor.onBranch(2 * configuration.restoreEpoch)
      guard descriptor.isRanged, let branch else { throw unmovable }
      // At epoch 0 both are the same: another branch there would be that of a later epoch.
      guard configuration.restoreEpoch > 0 || branch.text == descriptor.text else {
        throw unmovable
      }
      return branch
    } catch let error as DescriptorError {
      throw CommandFailure("It isn't an output descriptor of this network: \(error).")
    } catch {
      throw unmovable
    }
  }
}

extension TenantPolicy {
  /// What the configuration says for payments in `asset`.
  init(_ settings: PolicySettings, asset: Asset?) {
    self.init()
    switch settings.late {
    case .accept: late = .accept
    case .hold: late = .hold
    }
    if let asset {
      tolerance = settings.tolerance[asset]?.minorUnits ?? tolerance
      zeroConfirmationMaximum =
        settings.zeroConfirmationMaximum[asset]?.minorUnits ?? zeroConfirmationMaximum
    }
    expirySeconds = settings.expiry.defaultSeconds
    expirySecondsRange = settings.expiry.minimumSeconds...settings.expiry.maximumSeconds
    confirmations = settings.confirmations
  }
}
