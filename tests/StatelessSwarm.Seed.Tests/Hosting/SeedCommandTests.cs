using StatelessSwarm.Seed.Hosting;

namespace StatelessSwarm.Seed.Tests.Hosting;

public sealed class SeedCommandTests
{
    [Theory]
    [InlineData("", "--repo")]
    [InlineData("--repo", "--repo")]
    [InlineData("--repo x --http-port 70000", "--http-port: expected 0 to 65535")]
    [InlineData("--repo x --peer-port -1", "--peer-port: expected 0 to 65535")]
    [InlineData("--repo x --peer-port ten", "--peer-port")]
    [InlineData("--repo x --listen nowhere", "--listen: 'nowhere' is no IP address")]
    [InlineData("--repo x --upload-limit fast", "--upload-limit: 'fast' is no rate")]
    [InlineData("--repo x --origin-up fast", "--origin-up: 'fast' is no rate")]
    [InlineData("--repo x --unknown", "--unknown")]
    public async Task Run_WrongUsage_IsTwoAndOneLine(string arguments, string expected)
    {
        var (code, output, error) = await RunAsync(arguments);

        Assert.Equal(2, code);
        Assert.Equal("", output);
        Assert.StartsWith("stateless-seed: ", error, StringComparison.Ordinal);
        Assert.Contains(expected, error, StringComparison.Ordinal);
        Assert.Equal(1, error.Count(c => c == '\n'));
    }

    [Fact]
    public async Task Run_Help_ShowsOptionsAndAnExample()
    {
        var (code, output, _) = await RunAsync("--help");

        Assert.Equal(0, code);
        Assert.Contains("stateless-seed --repo /srv/repo", output, StringComparison.Ordinal);
        Assert.Contains("--upload-limit", output, StringComparison.Ordinal);
        Assert.Contains("--origin-up", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_NoRepository_IsOneLine()
    {
        var (code, output, error) = await RunAsync("--repo /no/such/repository --http-port 0 --peer-port 0 --no-mdns");

        Assert.Equal(1, code);
        Assert.Equal("", output);
        Assert.StartsWith("stateless-seed: ", error, StringComparison.Ordinal);
        Assert.Contains("/no/such/repository", error, StringComparison.Ordinal);
        Assert.Equal(1, error.Count(c => c == '\n'));
    }

    private static async Task<(int Code, string Output, string Error)> RunAsync(string arguments)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var command = new SeedCommand(output, error, TimeProvider.System, new SystemdNotifier(null));
        var code = await command.RunAsync(
            arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries),
            TestContext.Current.CancellationToken
        );
        return (code, output.ToString(), error.ToString());
    }
}
