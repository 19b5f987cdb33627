using System.Net;
using System.Text;
using CsCheck;
using StatelessSwarm.Engine.Limits;
using StatelessSwarm.Node.Configuration;
using StatelessSwarm.Node.Limits;

namespace StatelessSwarm.Node.Tests.Configuration;

public sealed class NodeSettingsTests
{
    private static readonly string[] Fragments =
    [
        "{", "}", "\"port\"", ":", ",", "1", "[", "]", "true", "\"\\ud800\"", "\u0000", "\"x", "//", "\n",
    ];

    private static readonly NodeDefaults Defaults = new("/state", "/run/x", "/etc/x.json");

    private static NodeSettings Complete()
    {
        var settings = new NodeSettings();
        settings.Set("server", "--server", "http://seed:8080");
        settings.Set("follow", "--follow", "web/stable");
        settings.Set("trust", "--trust", "/etc/root.mp");
        return settings;
    }

    [Fact]
    public void ToOptions_OnlyRequired_HasDefaults()
    {
        var options = Complete().ToOptions(Defaults);
        Assert.Equal("http://seed:8080/", options.Server.ToString());
        Assert.Equal(new FollowedChannel("web", "stable"), options.Follow);
        Assert.Equal("/state", options.StateDirectory);
        Assert.Equal("/run/x/mounts", options.MountDirectory);
        Assert.Equal("/run/x/control.sock", options.ControlSocketPath);
        Assert.Equal(6881, options.Port);
        Assert.Equal([IPAddress.IPv6Any], options.ListenAddresses);
        Assert.Equal(TimeSpan.FromMinutes(1), options.PollInterval);
        Assert.True(options.UseMulticastDns);
        Assert.Equal(256L << 20, options.UpperBytes);
        Assert.Equal(ActivationPolicy.Now, options.Activation);
    }

    [Fact]
    public void ToOptions_EverySetting_IsUsed()
    {
        var settings = Complete();
        foreach (var (name, value) in new[]
        {
            ("state", "/s"), ("run", "/r"), ("mount", "/m"), ("port", "0"), ("listen", "127.0.0.1"), ("site", "north"),
            ("site-network", "10.1.0.0/16"), ("poll-interval", "5s"), ("stall-timeout", "2m"), ("no-mdns", "true"),
            ("peer", "[::1]:7000"), ("upper-size", "1G"), ("upload-limit", "5M"), ("activate", "next"), ("control-group", "ops"),
            ("wan-down", "2M"), ("wan-up", "64K"), ("lan-down", "full"), ("lan-up", "off"), ("site-wan-down", "1M"), ("site-wan-up", "32k"),
            ("wan-hours", "20:00-06:00@full"), ("wan-mode", "normal"),
        })
            settings.Set(name, "--" + name, value);
        var options = settings.ToOptions(Defaults);
        Assert.Equal(
            new NodeOptions
            {
                Server = new Uri("http://seed:8080/"),
                Follow = new FollowedChannel("web", "stable"),
                TrustPath = "/etc/root.mp",
                StateDirectory = "/s",
                RunDirectory = "/r",
                MountDirectory = "/m",
                Port = 0,
                ListenAddresses = options.ListenAddresses,
                Site = "north",
                SiteNetworks = options.SiteNetworks,
                PollInterval = TimeSpan.FromSeconds(5),
                StallTimeout = TimeSpan.FromMinutes(2),
                UseMulticastDns = false,
                Peers = options.Peers,
                UpperBytes = 1L << 30,
                UploadBytesPerSecond = 5L << 20,
                Limits = new TransferLimits
                {
                    WanDown = 2 << 20, WanUp = 64 << 10, LanUp = 0, SiteWanDown = 1 << 20, SiteWanUp = 32 << 10,
                },
                WanHours = options.WanHours,
                IsBackground = false,
                Activation = ActivationPolicy.Next,
                ControlGroup = "ops",
            },
            options
        );
        Assert.Equal([IPAddress.Loopback], options.ListenAddresses);
        Assert.Equal(new WanHours(20 * 60, 6 * 60, null), Assert.Single(options.WanHours));
        Assert.Equal(IPNetwork.Parse("10.1.0.0/16"), Assert.Single(options.SiteNetworks));
        Assert.Equal(new DnsEndPoint("::1", 7000), Assert.Single(options.Peers));
    }

    [Theory]
    [InlineData("server", "seed:8080")]
    [InlineData("server", "ftp://seed/")]
    [InlineData("server", "http://seed/?x=1")]
    [InlineData("follow", "web")]
    [InlineData("follow", "Web/stable")]
    [InlineData("follow", "web/stable/x")]
    [InlineData("follow", "../x")]
    [InlineData("port", "65536")]
    [InlineData("port", "-1")]
    [InlineData("listen", "here")]
    [InlineData("site-network", "10.0.0.0/33")]
    [InlineData("poll-interval", "0")]
    [InlineData("poll-interval", "9999999999999m")]
    [InlineData("stall-timeout", "soon")]
    [InlineData("no-mdns", "maybe")]
    [InlineData("peer", "host")]
    [InlineData("peer", "::1:80")]
    [InlineData("peer", "host:0")]
    [InlineData("upper-size", "1")]
    [InlineData("activate", "later")]
    [InlineData("wan-down", "0")]
    [InlineData("wan-down", "5Mbit")]
    [InlineData("site-wan-down", "8K")]
    [InlineData("lan-up", "none")]
    [InlineData("wan-hours", "20-06@full")]
    [InlineData("wan-mode", "slow")]
    public void ToOptions_WrongValue_NamesTheSetting(string name, string value)
    {
        var settings = Complete();
        settings.Set(name, "--" + name, value);
        var fault = Assert.Throws<ConfigurationException>(() => settings.ToOptions(Defaults));
        Assert.StartsWith($"--{name} {value}: expected ", fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("server")]
    [InlineData("follow")]
    [InlineData("trust")]
    public void ToOptions_Missing_NamesTheOption(string name)
    {
        var settings = new NodeSettings();
        foreach (var (other, value) in new[] { ("server", "http://seed"), ("follow", "web/stable"), ("trust", "/t") })
        {
            if (other != name)
                settings.Set(other, other, value);
        }
        var fault = Assert.Throws<ConfigurationException>(() => settings.ToOptions(Defaults));
        Assert.StartsWith($"--{name} is missing", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Set_Twice_TheLaterWins()
    {
        var settings = Complete();
        settings.Set("port", "file", "1");
        settings.Set("port", "--port", "2");
        Assert.Equal(2, settings.ToOptions(Defaults).Port);
    }

    [Fact]
    public void File_AllKinds_AreRead()
    {
        var settings = new NodeSettings();
        NodeConfigurationFile.Parse(
            "node.json",
            """
            {
              // the branch office
              "server": "http://seed:8080", "follow": "web/stable", "trust": "/t",
              "port": 7000, "no-mount": true, "peer": ["a:1", "b:2"],
            }
            """u8,
            settings
        );
        var options = settings.ToOptions(Defaults);
        Assert.Equal(7000, options.Port);
        Assert.Null(options.MountDirectory);
        Assert.Equal(2, options.Peers.Count);
    }

    [Theory]
    [InlineData("""{"serve": "x"}""", "node.json: serve: unknown setting, did you mean server?")]
    [InlineData("""{"pol-interval": "1s"}""", "did you mean poll-interval?")]
    [InlineData("""{"xyzzy-plugh": 1}""", "node.json: xyzzy-plugh: unknown setting")]
    [InlineData("""{"port": 1, "port": 2}""", "node.json: port: given twice")]
    [InlineData("""{"port": [1]}""", "node.json: port: expected a string")]
    [InlineData("""{"no-mdns": "true"}""", "node.json: no-mdns: expected true or false")]
    [InlineData("""{"peer": [1]}""", "node.json: peer: expected strings")]
    [InlineData("""{"peer": 1}""", "node.json: peer: expected an array of strings")]
    [InlineData("""{"peer": "a:1"} x""", "node.json: line 1: not JSON")]
    [InlineData("""{"port": 1} {}""", "node.json: line 1: not JSON")]
    [InlineData("[]", "node.json: expected a JSON object")]
    [InlineData("", "node.json: line 1: not JSON")]
    [InlineData("{\"port\":", "node.json: line 1: not JSON")]
    public void File_Wrong_SaysWhere(string json, string expected)
    {
        var fault = Assert.Throws<ConfigurationException>(
            () => NodeConfigurationFile.Parse("node.json", Encoding.UTF8.GetBytes(json), new NodeSettings())
        );
        Assert.Contains(expected, fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', fault.Message);
    }

    [Fact]
    public void File_AnyBytes_NeverThrowsAnythingElse()
    {
        var pieces = Gen.Int[0, Fragments.Length - 1].Select(index => Fragments[index]);
        Gen.Select(pieces.List[0, 30], Gen.Byte.Array[0, 4])
            .Sample(
                (parts, tail) =>
                {
                    try
                    {
                        NodeConfigurationFile.Parse("x", [.. Encoding.UTF8.GetBytes(string.Concat(parts)), .. tail], new NodeSettings());
                    }
                    catch (ConfigurationException)
                    {
                        // the only one allowed
                    }
                }
            );
    }

    [Fact]
    public void File_TooLarge_IsRefused()
    {
        var path = Path.GetTempFileName();
        try
        {
            File.WriteAllBytes(path, new byte[NodeConfigurationFile.MaxBytes + 1]);
            Assert.Contains(
                "larger than",
                Assert.Throws<ConfigurationException>(() => NodeConfigurationFile.Read(path, new NodeSettings())).Message,
                StringComparison.Ordinal
            );
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Theory]
    [InlineData(true, null, null, null, "/var/lib/stateless", "/run/stateless")]
    [InlineData(false, "/users/a", null, null, "/users/a/.local/state/stateless", "/users/a/.local/state/stateless/run")]
    [InlineData(false, "/users/a", "/s", "/r", "/s/stateless", "/r/stateless")]
    [InlineData(false, "/users/a", "relative", "relative", "/users/a/.local/state/stateless", "/users/a/.local/state/stateless/run")]
    public void Defaults_ByUser_FollowXdg(bool isRoot, string? home, string? state, string? runtime, string expectedState, string expectedRun)
    {
        var defaults = NodeDefaults.For(
            isRoot,
            name => name switch { "HOME" => home, "XDG_STATE_HOME" => state, "XDG_RUNTIME_DIR" => runtime, _ => null }
        );
        Assert.Equal((expectedState, expectedRun), (defaults.StateDirectory, defaults.RunDirectory));
    }

    [Fact]
    public void Defaults_NoHome_IsAnError() =>
        Assert.Throws<ConfigurationException>(() => NodeDefaults.For(isRoot: false, _ => null));

    [Theory]
    [InlineData("serve", "server")]
    [InlineData("PORT", "port")]
    [InlineData("no-mnds", "no-mdns")]
    [InlineData("zzzzzz", null)]
    [InlineData("", null)]
    public void NearestName_Word_FindsWhatWasMeant(string word, string? expected) =>
        Assert.Equal(expected, NearestName.Find(word, NodeSetting.All.Select(setting => setting.Name)));
}
