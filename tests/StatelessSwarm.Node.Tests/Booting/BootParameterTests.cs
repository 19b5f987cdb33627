using System.Net;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Node.Booting;
using StatelessSwarm.Node.Configuration;
using StatelessSwarm.Roots.Booting;

namespace StatelessSwarm.Node.Tests.Booting;

public sealed class BootParameterTests
{
    private static (BootParameters Parameters, IReadOnlyList<string> Warnings) Read(string line) =>
        BootParameterReader.Read(KernelCommandLine.Parse(line));

    [Fact]
    public void Read_EmptyLine_IsTheDefaults()
    {
        var (parameters, warnings) = Read("BOOT_IMAGE=/vmlinuz quiet splash root=stateless");
        Assert.Empty(warnings);
        Assert.Null(parameters.Follow);
        Assert.Equal(new BootParameters { Seeds = parameters.Seeds, Peers = parameters.Peers }, parameters);
        Assert.Empty(parameters.Seeds);
    }

    [Fact]
    public void Read_EveryParameter_IsTaken()
    {
        var (parameters, warnings) = Read(
            "root=stateless:web/stable rd.stateless.seed=http://a:8080,https://b/x rd.stateless.seed=http://c rd.stateless.peer=10.0.0.1:6881 "
                + "rd.stateless.site=berlin rd.stateless.mode=cache rd.stateless.cache=UUID=1234 rd.stateless.update=after rd.stateless.update.budget=5s "
                + "rd.stateless.rw=overlay rd.stateless.tmpfs=size=512M rd.stateless.minmem=1G rd.stateless.verity=require rd.stateless.tries=5 "
                + "rd.stateless.onfail=reboot rd.stateless.onfail.delay=1m rd.stateless.timeout.link=1 rd.stateless.timeout.dhcp=2 rd.stateless.timeout.cache=3 "
                + "rd.stateless.timeout.stall=9 rd.stateless.timeout.bless=0 rd.stateless.watchdog=30s rd.stateless.serve=no rd.stateless.debug "
                + "stateless.ignore-bad=1 ip=10.0.0.9::10.0.0.1:255.255.255.0::eth1:none BOOTIF=01-52-54-00-AB-cd-01 init=/bin/sh -- rd.stateless.tries=9"
        );
        Assert.Empty(warnings);
        Assert.Equal(new FollowedChannel("web", "stable"), parameters.Follow);
        Assert.Equal(["http://a:8080/", "https://b/x/", "http://c/"], parameters.Seeds.Select(seed => seed.ToString()));
        Assert.Equal(["10.0.0.1:6881"], parameters.Peers);
        Assert.Equal(("berlin", BootMode.Cache, "UUID=1234"), (parameters.Site, parameters.Mode, parameters.Cache));
        Assert.Equal((BootUpdate.After, TimeSpan.FromSeconds(5)), (parameters.Update, parameters.UpdateBudget));
        Assert.Equal((false, "size=512M,nr_inodes=1m", 1L << 30), (parameters.IsUsrReadOnly, parameters.TmpfsLimits, parameters.MinimumMemory));
        Assert.Equal((VerityUse.Required, 5, BootFailure.Reboot), (parameters.Verity, parameters.Tries, parameters.OnFailure));
        Assert.Equal((60.0, 1.0, 2.0, 3.0, 9.0), (parameters.FailureDelay.TotalSeconds, parameters.LinkTimeout.TotalSeconds, parameters.AddressTimeout.TotalSeconds, parameters.CacheTimeout.TotalSeconds, parameters.StallTimeout.TotalSeconds));
        Assert.Equal((TimeSpan.Zero, TimeSpan.FromSeconds(30)), (parameters.BlessTimeout, parameters.Watchdog));
        Assert.Equal((false, true, true, "/bin/sh"), (parameters.GoesOnServing, parameters.IsVerbose, parameters.IgnoresBad, parameters.Init));
        Assert.Equal(new StaticAddress(IPAddress.Parse("10.0.0.9"), 24, IPAddress.Parse("10.0.0.1"), "eth1"), parameters.Address);
        Assert.Equal("52:54:00:ab:cd:01", parameters.BootInterface);
    }

    [Fact]
    public void Read_ReleaseByDigest_IsPinned()
    {
        var digest = Sha256Digest.HashData([1]);
        var (parameters, warnings) = Read($"root=stateless:sha256:{digest}");
        Assert.Empty(warnings);
        Assert.Equal(digest, parameters.PinnedRelease);
        Assert.Equal($"sha256:{digest}", parameters.Follow!.ToString());
    }

    [Theory]
    [InlineData("rd.stateless.upadte=after", "rd.stateless.upadte: unknown parameter, did you mean rd.stateless.update?")]
    [InlineData("rd.stateless.timout.link=3", "rd.stateless.timout.link: unknown parameter, did you mean rd.stateless.timeout.link?")]
    [InlineData("rd.stateless.zzzzzzzzzzzzz", "rd.stateless.zzzzzzzzzzzzz: unknown parameter")]
    [InlineData("root=stateless:Web", "root=stateless:Web: expected stateless:PRODUCT/CHANNEL or stateless:sha256:DIGEST")]
    [InlineData("root=stateless:sha256:12", "root=stateless:sha256:12: expected stateless:PRODUCT/CHANNEL or stateless:sha256:DIGEST")]
    [InlineData("rd.stateless.seed=ftp://x", "rd.stateless.seed=ftp://x: expected an http or https URL")]
    [InlineData("rd.stateless.mode=disk", "rd.stateless.mode=disk: expected auto or ram or cache")]
    [InlineData("rd.stateless.tries=0", "rd.stateless.tries=0: expected 1 to 100")]
    [InlineData("rd.stateless.update.budget=soon", "rd.stateless.update.budget=soon: expected a time of at most a day, for example 30s or 5m")]
    [InlineData("rd.stateless.tmpfs=size=1,mode=0777", "rd.stateless.tmpfs=size=1,mode=0777: expected size=SIZE and nr_inodes=NUMBER")]
    [InlineData("rd.stateless.minmem=much", "rd.stateless.minmem=much: expected a size, for example 256M")]
    [InlineData("rd.stateless.serve=perhaps", "rd.stateless.serve=perhaps: expected yes or no")]
    [InlineData("ip=10.0.0.300::10.0.0.1:24", "ip=10.0.0.300::10.0.0.1:24: expected dhcp or ADDRESS::GATEWAY:MASK:HOSTNAME:DEVICE:none")]
    public void Read_WrongValue_WarnsAndGoesOnWithTheDefault(string word, string expected)
    {
        var (parameters, warnings) = Read("quiet " + word);
        Assert.Equal([expected], warnings);
        Assert.Equal(new BootParameters { Seeds = parameters.Seeds, Peers = parameters.Peers }, parameters);
    }

    /// <summary>Who answers a network boot writes the command line: no word of it may name a key.</summary>
    [Fact]
    public void All_Parameters_NameNoTrust() =>
        Assert.DoesNotContain(BootParameterReader.All, parameter => parameter.Name.Contains("trust", StringComparison.Ordinal) || parameter.Name.Contains("key", StringComparison.Ordinal));

    [Theory]
    [InlineData("a b=c  d=\"e f\" \"g=h i\" j= -- k", "a|b=c|d=e f|g=h i|j=")]
    [InlineData("", "")]
    [InlineData("x=\"unclosed y", "x=unclosed y")]
    public void Parse_Line_SplitsAsTheKernelDoes(string line, string expected) =>
        Assert.Equal(expected, string.Join('|', KernelCommandLine.Parse(line).Words.Select(word => word.Value is null ? word.Name : $"{word.Name}={word.Value}")));

    [Theory]
    [InlineData("10.0.0.9::10.0.0.1:255.255.255.0:::none", "10.0.0.9/24")]
    [InlineData("10.0.0.9:::20", "10.0.0.9/20")]
    [InlineData("10.0.0.9:::255.0.255.0", null)]
    [InlineData("10.0.0.9:::0", null)]
    [InlineData("10.0.0.9:::33", null)]
    [InlineData("10.9:::24", null)]
    [InlineData("10.0.0.9::gateway:24", null)]
    [InlineData("10.0.0.9:::24::eth0;rm:none", null)]
    [InlineData("dhcp", null)]
    public void TryParse_FixedAddress_IsStrict(string text, string? expected) => Assert.Equal(expected, StaticAddress.TryParse(text)?.ToString());
}
