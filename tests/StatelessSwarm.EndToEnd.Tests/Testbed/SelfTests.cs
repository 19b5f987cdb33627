using System.Globalization;
using StatelessSwarm.Testing.Processes;

namespace StatelessSwarm.EndToEnd.Tests.Testbed;

/// <summary>Labs share the machine's two cores and their figures are times: one after the other.</summary>
[Collection("labs")]
public sealed class SelfTests
{
    [Fact]
    public async Task Selftest_OfTheTestbed_HoldsOrSaysThatItNeedsRoot()
    {
        string name = string.Create(CultureInfo.InvariantCulture, $"t{Environment.ProcessId % 100_000}");
        TestbedProgram run = await TestbedProgram.RunAsync("selftest.py", "--name", name);
        if (TestbedProgram.CanBuildLabs)
        {
            Assert.True(run.ExitCode == 0, run.Output);
            Assert.EndsWith(" 0 failed", run.LastLine, StringComparison.Ordinal);
        }
        else
        {
            Assert.NotEqual(0, run.ExitCode);
            Assert.Contains("needs root", run.Output, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("run.py", "--topo", "x", "--peer", "x", "--work", "x")]
    [InlineData("lab.py", "up", "--topo", "no-such-file.json")]
    public async Task Program_BadArguments_FailsWithoutLeavingALab(string program, params string[] arguments)
    {
        TestbedProgram run = await TestbedProgram.RunAsync(program, arguments);
        Assert.NotEqual(0, run.ExitCode);
    }

    [Theory]
    [InlineData("""{"sites":[{"hosts":1,"lan_up":"fast"}]}""", "not a rate")]
    [InlineData("""{"sites":[{"hosts":999}]}""", "at most")]
    [InlineData("""{"seed":{"site":3},"sites":[{"hosts":1}]}""", "seed.site")]
    [InlineData("""{"sites":[{"hosts":1,"subnets":3}]}""", "one subnet, or two")]
    public async Task Lab_BadTopology_NamesWhatIsWrong(string topology, string expected)
    {
        string path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName() + ".json");
        await File.WriteAllTextAsync(path, topology);
        try
        {
            TestbedProgram run = await TestbedProgram.RunAsync("lab.py", "up", "--name", "tbad", "--topo", path);
            Assert.NotEqual(0, run.ExitCode);
            Assert.Contains(TestbedProgram.CanBuildLabs ? expected : "needs root", run.Output, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(path);
        }
    }
}
