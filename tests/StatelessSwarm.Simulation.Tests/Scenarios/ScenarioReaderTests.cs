using StatelessSwarm.Sim.Scenarios;
using StatelessSwarm.Testing;

namespace StatelessSwarm.Simulation.Tests.Scenarios;

public sealed class ScenarioReaderTests
{
    [Fact]
    public void Read_EveryField_IsTaken()
    {
        var scenario = Run.Read(
            """
            {
              "name": "all", "about": "x",
              "image": { "size": "1GiB", "piece": "4MiB", "grain": 16, "v1": true },
              "seeds": { "count": 2, "site": 1, "up": "1.5gbit", "down": "100mbit", "delay_ms": 1, "max_peers": 500, "upload_slots": 100, "super_seeds": true },
              "sites": [ { "count": 3, "nodes": 7, "lan_up": "200mbit", "lan_down": "300mbit", "lan_buffer_ms": 20, "wan_down": "20mbit",
                           "wan_up": "500kbit", "wan_delay_ms": 15, "wan_buffer_ms": 250, "wan_loss": 0.01 } ],
              "starts": { "spread_s": 2, "waves": [ { "at_s": 60, "share": 0.25, "spread_s": 5 } ] },
              "tracker": { "peers": 10, "interval_s": 60 },
              "multicast": false,
              "limits": { "max_peers": 50, "lan_peers": 20, "wan_peers": 4, "upload_slots": 8, "claims": false },
              "faults": [ { "kind": "churn", "at_s": 5, "until_s": 10, "for_s": 2, "nodes": 4, "site": 2 }, { "kind": "slow-disk", "site": 3, "node": 7, "rate": "80mbit" } ],
              "deadline_s": 900, "tick_ms": 2,
              "expect": { "wan_copies": 1.02, "last_s": 500 }
            }
            """
        );
        Assert.Equal(("all", 21, 3), (scenario.Name, scenario.NodeCount, scenario.SiteCount));
        Assert.Equal(new Image { Bytes = 1L << 30, PieceBytes = 4 << 20, Grain = 16, IsV1 = true }, scenario.Image);
        Assert.Equal(
            new Seeds { Count = 2, Site = 1, Up = 1.5e9, Down = 1e8, DelayMs = 1, MaxPeers = 500, UploadSlots = 100, SuperSeeds = true },
            scenario.Seeds
        );
        var site = new SiteGroup
        {
            Count = 3,
            Nodes = 7,
            LanUp = 2e8,
            LanDown = 3e8,
            LanBufferMs = 20,
            WanDown = 2e7,
            WanUp = 5e5,
            DelayMs = 15,
            BufferMs = 250,
            Loss = 0.01,
        };
        Assert.Equal(site, Assert.Single(scenario.Sites));
        Assert.Equal(new Wave(60, 0.25, 5), Assert.Single(scenario.Starts.Waves));
        Assert.Equal(new TrackerPlan { Peers = 10, IntervalSeconds = 60 }, scenario.Tracker);
        Assert.False(scenario.HasMulticast);
        Assert.Equal(new NodeLimits { MaxPeers = 50, LanPeers = 20, WanPeers = 4, UploadSlots = 8, UsesClaims = false }, scenario.Limits);
        Assert.Equal(new Fault { Kind = FaultKind.SlowDisk, Site = 3, Node = 7, Rate = 8e7 }, scenario.Faults[1]);
        Assert.Equal((900.0, 2.0), (scenario.DeadlineSeconds, scenario.TickMs));
        Assert.Equal(new Expectation { WanCopies = 1.02, LastSeconds = 500 }, scenario.Expect);
    }

    [Theory]
    [InlineData("{", "line 1 is no JSON")]
    [InlineData("[]", "the file is no object")]
    [InlineData("{}", "sites is missing or empty")]
    [InlineData("""{"sites":[{"nodes":0}]}""", "sites[0].nodes is 0, expected a whole number from 1 to 10000")]
    [InlineData("""{"sites":[{"nodes":2,"colour":1}]}""", "sites[0].colour is unknown here; known are count,")]
    [InlineData("""{"sites":[{"wan_down":"20 mb"}]}""", "sites[0].wan_down is \"20 mb\", expected a rate like \"20mbit\"")]
    [InlineData("""{"sites":[{}],"image":{"size":64}}""", "image.size is 64, expected a size like \"64MiB\"")]
    [InlineData("""{"sites":[{}],"image":{"piece":"100KiB"}}""", "image.piece is 102400 bytes, expected a power of two")]
    [InlineData("""{"sites":[{}],"image":{"grain":3}}""", "image.grain is 3, expected a power of two")]
    [InlineData("""{"sites":[{}],"image":{"piece":"16KiB","grain":4}}""", "image.piece is 16384 bytes, expected a power of two from 65536")]
    [InlineData("""{"sites":[{"count":10000,"nodes":100}]}""", "sites have 1000000 nodes together, expected 1 to 100000")]
    [InlineData("""{"sites":[{}],"seeds":{"site":2}}""", "seeds.site is 2, expected a whole number from 0 to 1")]
    [InlineData("""{"sites":[{}],"faults":[{"kind":"flood"}]}""", "faults[0].kind is \"flood\", expected one of crash, power, churn,")]
    [InlineData("""{"sites":[{}],"faults":[{"at_s":1}]}""", "faults[0].kind is missing")]
    [InlineData("""{"sites":[{"nodes":3}],"faults":[{"kind":"crash","site":1,"node":4}]}""", "faults[0].node is 4, but site 1 has 3 nodes")]
    [InlineData("""{"sites":[{"nodes":3}],"faults":[{"kind":"crash","node":1}]}""", "faults[0].node is given without a site")]
    [InlineData("""{"sites":[{}],"faults":[{"kind":"slow-up"}]}""", "faults[0].rate is missing")]
    [InlineData("""{"sites":[{}],"faults":[{"kind":"churn","at_s":5}]}""", "faults[0].until_s is missing or not after at_s")]
    [InlineData("""{"sites":[{}],"multicast":"yes"}""", "multicast is \"yes\", expected true or false")]
    [InlineData("""{"sites":[{}],"starts":{"waves":{}}}""", "starts.waves is {}, expected a list")]
    [InlineData("""{"sites":[{}],"tick_ms":50}""", "tick_ms is 50, expected a number from 0 to 10")]
    public void Read_WrongScenario_OneLineNamesFilePlaceAndWhatWasExpected(string json, string expected)
    {
        var fault = Assert.Throws<ScenarioException>(() => Run.Read(json));
        Assert.StartsWith("test.json: " + expected, fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', fault.Message);
    }

    [Fact]
    public void ReadFile_NotThere_OneLineNamesIt()
    {
        var fault = Assert.Throws<ScenarioException>(() => ScenarioReader.ReadFile("no/such/file.json"));
        Assert.StartsWith("no/such/file.json: cannot be read", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ReadFile_EveryScenarioOfOurs_IsRight()
    {
        var files = Directory.GetFiles(Path.Combine(RepositoryRoot.Path, "tools/scenarios"), "*.json");
        Assert.NotEmpty(files);
        Assert.All(files, file => Assert.True(ScenarioReader.ReadFile(file).NodeCount > 0));
    }

    [Theory]
    [InlineData("--faults 5 --first-seed 9 --quiet", "")]
    [InlineData("a.json --seed 3 --json - --plots d --threads 2 --deadline 7.5", "")]
    [InlineData("", "name one scenario file, or --faults N")]
    [InlineData("a.json --faults 1", "name one scenario file, or --faults N")]
    [InlineData("a.json b.json", "b.json: one scenario at a time")]
    [InlineData("a.json --seed x", "--seed is unknown, or \"x\" is no value for it")]
    [InlineData("a.json --json", "--json is unknown, or lacks its value")]
    [InlineData("a.json --fast", "--fast is unknown")]
    public void Arguments_Words_AreReadOrRefusedInOneLine(string words, string expected)
    {
        var read = Sim.Arguments.Read(words.Split(' ', StringSplitOptions.RemoveEmptyEntries), out var error);
        Assert.Equal(expected.Length == 0, read is not null);
        Assert.StartsWith(expected, error, StringComparison.Ordinal);
    }
}
