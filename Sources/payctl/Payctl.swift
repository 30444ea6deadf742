internal import ArgumentParser

@main
struct Payctl: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "payctl",
    abstract: "Looks after a Paywatch installation, and after the keys its servers never have.",
    subcommands: [
      KeysCommand.self, AddressCommand.self, PaymentCommand.self, RefundCommand.self,
      EventsCommand.self,
      ChainCommand.self, CoverageCommand.self, RescanCommand.self, ScanCommand.self,
      TenantCommand.self, TokenCommand.self, AuditCommand.self, TopicsCommand.self,
      SchemasCommand.self, ConsumerCommand.self,
      BackupCommand.self, RestoreCommand.self, PayoutCommand.self, SignCommand.self,
      ReplayCommand.self, OrdersCommand.self, SuppliesCommand.self, ClaimsCommand.self,
      PricesCommand.self,
      WebhooksCommand.self, DeliveriesCommand.self,
      ReconcileCommand.self, LedgerCommand.self, CloseCommand.self, VerifyCommand.self,
    ])
}
