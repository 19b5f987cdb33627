using StatelessSwarm.Platform.Processes;

namespace StatelessSwarm.Platform.Tests.Processes;

public sealed class PrivilegesTests
{
    [Theory]
    [InlineData("CapEff:\t000001ffffffffff", true)]
    [InlineData("CapEff:\t0000000000200000", true)]
    [InlineData("CapEff:\t00000000a80425fb", false)]
    [InlineData("CapEff:\t0000000000000000", false)]
    [InlineData("CapPrm:\t000001ffffffffff", false)]
    [InlineData("CapEff:\tnonsense", false)]
    public void HasCapability_StatusLine_LooksAtTheEffectiveMask(string line, bool expected) =>
        Assert.Equal(expected, Privileges.HasCapability(["Name:\tx", line], 21));

    [Fact]
    public void EffectiveUserId_ThisProcess_IsTheOneInProc()
    {
        var uids = File.ReadLines("/proc/self/status").Single(line => line.StartsWith("Uid:", StringComparison.Ordinal));
        Assert.Equal(uids.Split('\t')[2], $"{Privileges.EffectiveUserId}");
    }
}
