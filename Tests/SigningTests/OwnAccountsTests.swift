import Keys
import Signing
import Testing

@Suite("Accounts of our own")
struct OwnAccountsTests {
  @Test("an account's first addresses are known by either derivation, those behind them aren't")
  func known() throws {
    let account = try SigningScene().account
    for derivation in ChildDerivation.allCases {
      let own = OwnAccounts([.ethereum(account)], addresses: 300, by: derivation)
      for index in [0, 255, 299] as [UInt32] {
        let path = try #require(own.path(of: account.address(at: index)))
        #expect(path.steps.last?.index == index)
        #expect(own.path(of: try account.onBranch(1).address(at: index)) != nil)
      }
      #expect(own.path(of: try account.address(at: 300)) == nil)
    }
  }
}
