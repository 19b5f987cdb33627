using System.Globalization;
using System.Text.Json;
using StatelessSwarm.Testing;
using StatelessSwarm.Testing.Processes;

namespace StatelessSwarm.Boot.Tests.Guests;

/// <summary>
/// Virtual machines (QEMU, Debian's kernel) boot from the product's own initramfs on a site's bridge: the scenario program starts
/// seed and guests, reads their consoles and says what is wrong; here its figures are judged.
/// </summary>
public sealed class BootScenarioTests(PublishedProducts products) : IClassFixture<PublishedProducts>
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(50);

    /// <summary>Releases in memory: dm-verity, limits, the agent after the hand-over, a damaged block.</summary>
    [Fact]
    public async Task Boot_IntoMemory_IsVerifiedAndGoesOnServing()
    {
        using var report = await PlayAsync("memory");
        var root = report.RootElement;
        // issue figures: an idle agent within 64 MiB
        Assert.InRange(root.GetProperty("agent_rss_mib").GetDouble(), 1, 64);
        Assert.Contains(root.GetProperty("steps").EnumerateArray(), step => step.GetProperty("name").GetString() == "mount");
    }

    /// <summary>One release by its digest, in EROFS.</summary>
    [Fact]
    public async Task Boot_PinnedRelease_IsThatOne()
    {
        using var report = await PlayAsync("pinned");
    }

    /// <summary>A cache disk: panic, hang, no interface, no seed, update later; every time a good root.</summary>
    [Fact]
    public async Task Boot_ReleasesThatFail_FallBackToTheGoodOne()
    {
        using var report = await PlayAsync("rollback");
        Assert.InRange(report.RootElement.GetProperty("agent_s_no-link").GetDouble(), 0, 20.5);
        Assert.InRange(report.RootElement.GetProperty("agent_s_no-peer").GetDouble(), 0, 20.5);
    }

    /// <summary>No seed, no tracker: a neighbour hands on the signed metadata and all of the image.</summary>
    [Fact]
    public async Task Boot_SeedGone_BootsFromANeighbour()
    {
        using var report = await PlayAsync("neighbours");
    }

    /// <summary>A release that brings its kernel: started by kexec, counted once.</summary>
    [Fact]
    public async Task Boot_ReleaseWithItsKernel_RunsIt()
    {
        using var report = await PlayAsync("kernel");
    }

    /// <summary>Diskless machines beside a foreign DHCP server: iPXE in ROM, UEFI by PXE, UEFI by HTTP; the same release each time.</summary>
    [Fact]
    public async Task Boot_FromTheNetwork_TheSeedAnswersFirmwareOfThreeKinds()
    {
        using var report = await PlayAsync("netboot");
    }

    /// <summary>A live image, no seed: as a disc by UEFI and as a stick by BIOS; then it serves a neighbour.</summary>
    [Fact]
    public async Task Boot_LiveImage_BootsByBiosAndUefiAndServesItsSite()
    {
        using var report = await PlayAsync("live");
    }

    /// <summary>A closed swarm: enrolled while it boots by a token in the initramfs; then members from each other, and a stranger from nobody.</summary>
    [Fact]
    public async Task Boot_ClosedSwarm_EnrolsWhileItBootsAndStrangersGetNothing()
    {
        using var report = await PlayAsync("closed");
    }

    /// <summary>The seed dies in the middle, neighbours lie or dawdle, the clock says 1970, the image is larger than the memory, the agent freezes.</summary>
    [Fact]
    public async Task Boot_FaultsAroundIt_EndInTheSignedRootOrAPlainWord()
    {
        using var report = await PlayAsync("faults");
        // ten seconds of watchdog, and a boot
        Assert.InRange(report.RootElement.GetProperty("watchdog_s").GetDouble(), 8, 90);
    }

    /// <summary>The same image by the hooks for initramfs-tools and dracut.</summary>
    [Fact]
    public async Task Boot_HooksOfInitramfsToolsAndDracut_BootTheSameImage()
    {
        using var report = await PlayAsync("hooks");
    }

    /// <summary>
    /// A Debian with systemd: its node takes over from the agent, its bless service finds it healthy, and a second machine boots from it.
    /// Every night the whole of it; by day the parts above, each in a root that boots in seconds.
    /// </summary>
    [Fact]
    public async Task Boot_DebianWithSystemd_TakesOverAndServes()
    {
        if (Environment.GetEnvironmentVariable("STATELESS_NIGHTLY") != "1")
        {
            // what the image's units are made of is checked by day too
            var units = Path.Combine(RepositoryRoot.Path, "tools", "packaging", "systemd");
            Assert.Contains("--take-over", await File.ReadAllTextAsync(Path.Combine(units, "stateless-booted.service")), StringComparison.Ordinal);
            Assert.Contains("boot bless", await File.ReadAllTextAsync(Path.Combine(units, "stateless-bless.service")), StringComparison.Ordinal);
            return;
        }
        using var report = await PlayAsync("debian");
    }

    /// <summary>Power cuts at random moments; the seed of the moments is printed. A few here, 50 every night.</summary>
    [Fact]
    public async Task Boot_PowerCuts_NeverLeaveAMachineWithoutARoot()
    {
        var isNightly = Environment.GetEnvironmentVariable("STATELESS_NIGHTLY") == "1";
        var seed = isNightly ? Random.Next(1, 1_000_000) : 1;
        TestContext.Current.TestOutputHelper?.WriteLine(string.Create(CultureInfo.InvariantCulture, $"seed {seed}"));
        using var report = await PlayAsync("cuts", "--cuts", isNightly ? "50" : "3", "--seed", seed.ToString(CultureInfo.InvariantCulture));
    }

    private static Random Random { get; } = new(Environment.ProcessId);

    private async Task<JsonDocument> PlayAsync(string scenario, params string[] more)
    {
        var work = Path.Combine(RepositoryRoot.Path, "artifacts", "scenarios", "boot-" + scenario);
        var name = string.Create(CultureInfo.InvariantCulture, $"b{Environment.ProcessId % 100_000}");
        Assert.True(TestbedProgram.CanBuildLabs, "guests sit on bridges in network namespaces: run this test as root");
        var run = await TestbedProgram.RunAsync(Limit, "boot/scenarios.py", [scenario, "--work", work, "--name", name, "--product", products.Directory, .. more]);
        Assert.True(run.ExitCode == 0, run.Output);
        var report = JsonDocument.Parse(run.LastLine);
        Assert.Empty(report.RootElement.GetProperty("problems").EnumerateArray());
        return report;
    }
}
