using System.Globalization;
using System.Text.RegularExpressions;
using StatelessSwarm.Testing;
using StatelessSwarm.Testing.Processes;

namespace StatelessSwarm.EndToEnd.Tests.Packaging;

/// <summary>The systemd units: what systemd itself says of their sandboxes (0 is best, 10 is none).</summary>
public sealed partial class UnitTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    /// <summary>
    /// The node that mounts (stateless-node) has to do so in the machine's own mount name space, which rules out most of the sandbox; that of a
    /// machine booted from its image mounts nothing and has all of it.
    /// </summary>
    [Theory]
    [InlineData("stateless-seed", 1.6)]
    [InlineData("stateless-booted", 2.7)]
    [InlineData("stateless-node", 4.9)]
    [InlineData("stateless-bless", 6.8)]
    public async Task Unit_Exposure_IsAtMost(string unit, double most)
    {
        var path = Path.Combine(RepositoryRoot.Path, "tools", "packaging", "systemd", unit + ".service");
        var (_, output) = await LineProcess.RunAsync(Patience, "env", "SYSTEMD_COLORS=0", "systemd-analyze", "security", "--offline=true", "--no-pager", path);
        var match = Exposure().Match(output);
        Assert.True(match.Success, output);
        Assert.InRange(double.Parse(match.Groups["score"].Value, CultureInfo.InvariantCulture), 0, most);
    }

    [GeneratedRegex(@"exposure level for [a-z-]+\.service: (?<score>[0-9.]+)", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Exposure();
}
