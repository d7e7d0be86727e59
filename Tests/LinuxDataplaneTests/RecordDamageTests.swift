import LinuxDataplane
import Testing

struct RecordDamageTests {
    @Test(arguments: [
        ("", false), ("fairlead-ownership 1\n", true), ("fairlead-ownership 2\n", false),
        ("fairlead-ownership 1\n+\tTCP 10.96.0.1:80\tdefault/web\n-\taddress 10.96.0.1\t\n", true),
        ("fairlead-ownership 1\n+\tTCP 10.96.0.1:80\tdefault/web\n+\tTCP 10.", true),
        ("fairlead-ownership 1\n+\tTCP 10.96\tdefault/web\n", false),
        ("fairlead-ownership 1\nTCP 10.96.0.1:80\n", false), ("\u{0}\u{0}\u{0}", false),
    ])
    func aRecordIsWholeWhenEveryLineButOneThatWasCutOffMakesSense(_ text: String, _ isWhole: Bool) {
        #expect(OwnershipRecord.isWhole(text) == isWhole)
    }
}
