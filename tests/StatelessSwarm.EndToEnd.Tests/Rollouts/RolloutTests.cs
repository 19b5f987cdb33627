using System.Globalization;
using System.Text.Json;
using StatelessSwarm.Testing.Processes;

namespace StatelessSwarm.EndToEnd.Tests.Rollouts;

/// <summary>
/// From a directory to the root every node runs, with the programs as built and small trees: two sites of two nodes behind
/// 20 Mbit/s each. The scenario program builds the lab, plays, compares and takes down; here its figures are judged.
/// </summary>
[Collection("labs")]
public sealed class RolloutTests
{
    [Fact]
    public async Task Rollout_TwoReleases_EveryNodeRunsWhatWasPublished()
    {
        if (!TestbedProgram.CanBuildLabs)
        {
            await SaysThatItNeedsRoot("flow");
            return;
        }

        using JsonDocument report = await PlayAsync("flow");
        foreach (string version in (string[])["1.0", "2.0"])
        {
            JsonElement release = report.RootElement.GetProperty(version);
            Assert.InRange(release.GetProperty("seed_egress_copies").GetDouble(), 0.0, 4.0);
            foreach (JsonProperty site in release.GetProperty("wan_copies").EnumerateObject())
            {
                Assert.InRange(site.Value.GetDouble(), 0.0, 2.0);
            }

            JsonElement bytes = release.GetProperty("bytes");
            long sum = bytes.EnumerateObject().Sum(source => source.Value.GetInt64());
            Assert.InRange(sum, release.GetProperty("image_bytes").GetInt64() * 4, long.MaxValue);
        }

        // Neighbours shared: some of it came over the LAN.
        Assert.True(report.RootElement.GetProperty("1.0").GetProperty("bytes").GetProperty("lan").GetInt64() > 0);
    }

    [Fact]
    public async Task Rollout_OnLoopbackWithoutMounts_StagesAndFlipsTheLinks()
    {
        using JsonDocument report = await PlayAsync("loopback");
        Assert.Equal(JsonValueKind.Null, report.RootElement.GetProperty("1.0").GetProperty("seed_egress_copies").ValueKind);
    }

    [Fact]
    public async Task Rollout_SeedKilledWhenOneMemberOfEachSiteIsComplete_SitesFinish()
    {
        if (!TestbedProgram.CanBuildLabs)
        {
            await SaysThatItNeedsRoot("seed-killed");
            return;
        }

        using JsonDocument report = await PlayAsync("seed-killed");
    }

    /// <summary>One site by name: two routed subnets without multicast between them, and one copy over the WAN for both.</summary>
    [Fact]
    public async Task Rollout_SiteOfTwoSubnets_FetchesOneCopy()
    {
        if (!TestbedProgram.CanBuildLabs)
        {
            await SaysThatItNeedsRoot("two-subnets");
            return;
        }

        using JsonDocument report = await PlayAsync("two-subnets");
        Assert.InRange(report.RootElement.GetProperty("wan_payload_copies").GetDouble(), 1.0, 1.02);
    }

    [Fact]
    public async Task Rollout_NodeKilledHalfway_GoesOnWhereItWas()
    {
        if (!TestbedProgram.CanBuildLabs)
        {
            await SaysThatItNeedsRoot("killed-node");
            return;
        }

        using JsonDocument report = await PlayAsync("killed-node");
        Assert.InRange(report.RootElement.GetProperty("share_kept").GetDouble(), 0.3, 1.0);
    }

    private static async Task<JsonDocument> PlayAsync(string scenario)
    {
        TestbedProgram run = await RunAsync(scenario);
        Assert.True(run.ExitCode == 0, run.Output);
        JsonDocument report = JsonDocument.Parse(run.LastLine);
        Assert.Empty(report.RootElement.GetProperty("problems").EnumerateArray());
        return report;
    }

    private static async Task SaysThatItNeedsRoot(string scenario)
    {
        TestbedProgram run = await RunAsync(scenario);
        Assert.NotEqual(0, run.ExitCode);
        Assert.Contains("needs root", run.Output, StringComparison.Ordinal);
    }

    private static Task<TestbedProgram> RunAsync(string scenario)
    {
        string work = Path.Combine(StatelessSwarm.Testing.RepositoryRoot.Path, "artifacts", "scenarios", scenario);
        string name = string.Create(CultureInfo.InvariantCulture, $"r{Environment.ProcessId % 100_000}");
        return TestbedProgram.RunAsync("demo/scenarios.py", scenario, "--work", work, "--name", name);
    }
}
