using System.Net;
using System.Text;
using StatelessSwarm.Seed.Netboot;

namespace StatelessSwarm.Seed.Tests.Netboot;

/// <summary>What is said to whom; that real firmware understands it is shown in guests (Boot.Tests, netboot).</summary>
public sealed class ProxyDhcpTests : IDisposable
{
    private static readonly IPAddress Self = IPAddress.Parse("10.0.0.1");

    private readonly string _directory = Directory.CreateTempSubdirectory("ss-netboot-").FullName;

    public ProxyDhcpTests()
    {
        foreach (var name in (string[])["vmlinuz", "initrd.img", "undionly.kpxe", "snponly.efi"])
            File.WriteAllText(Path.Combine(_directory, name), name);
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    private ProxyDhcp Proxy => new(new NetbootOptions { Directory = _directory, HttpPort = 8080 });

    private static DhcpMessage Message(string name, ushort architecture, byte kind = 1, bool isIpxe = false)
    {
        var options = new Dictionary<byte, byte[]>
        {
            [53] = [kind],
            [60] = Encoding.ASCII.GetBytes(name),
            [93] = [(byte)(architecture >> 8), (byte)architecture],
            [97] = [0, .. new byte[16]],
        };
        if (isIpxe)
            options[175] = [1, 1, 1];
        return new DhcpMessage { Operation = 1, Transaction = 7, Flags = 0x8000, Hardware = (byte[])[1, 6, .. new byte[16]], Options = options };
    }

    [Theory]
    [InlineData("PXEClient:Arch:00000:UNDI:002001", 0, false, "undionly.kpxe")]
    [InlineData("PXEClient:Arch:00007:UNDI:003016", 7, false, "snponly.efi")]
    [InlineData("PXEClient", 9, false, "snponly.efi")]
    [InlineData("PXEClient", 11, false, null)] // no loader for it in the directory
    [InlineData("PXEClient", 5, false, null)] // no such machines here
    [InlineData("PXEClient", 0, true, "http://10.0.0.1:8080/netboot/boot.ipxe")]
    [InlineData("HTTPClient:Arch:00016:UNDI:003001", 16, false, "http://10.0.0.1:8080/netboot/snponly.efi")]
    [InlineData("MSFT 5.0", 0, false, null)]
    [InlineData("", 0, false, null)]
    public void Answer_ByClassAndArchitecture_NamesTheFile(string name, int architecture, bool isIpxe, string? expected)
    {
        var answer = Proxy.Answer(Message(name, (ushort)architecture, isIpxe: isIpxe), Self, isBootServer: false);
        Assert.Equal(expected, answer?.File);
        if (answer is null)
            return;
        Assert.Equal((2, 7u, 0x8000, Self), (answer.Operation, answer.Transaction, answer.Flags, answer.NextServer));
        Assert.Equal([2], answer.Options[53]);
        Assert.Equal(name.StartsWith("HTTP", StringComparison.Ordinal) ? "HTTPClient" : "PXEClient", Encoding.ASCII.GetString(answer.Options[60]));
        Assert.Equal(answer.Options.ContainsKey(43), !name.StartsWith("HTTP", StringComparison.Ordinal));
    }

    [Fact]
    public void Answer_UnifiedImage_IsWhatHttpBootGets()
    {
        File.WriteAllText(Path.Combine(_directory, "boot.efi"), "");
        Assert.Equal("http://10.0.0.1:8080/netboot/boot.efi", Proxy.Answer(Message("HTTPClient", 16), Self, false)!.File);
        Assert.Equal("snponly.efi", Proxy.Answer(Message("PXEClient", 7), Self, false)!.File);
    }

    [Theory]
    [InlineData(1, true, false)]
    [InlineData(3, true, true)]
    [InlineData(3, false, false)]
    [InlineData(7, false, false)]
    public void Answer_KindOfMessage_MustFitThePort(byte kind, bool isBootServer, bool isAnswered) =>
        Assert.Equal(isAnswered, Proxy.Answer(Message("PXEClient", 7, kind), Self, isBootServer) is not null);

    [Fact]
    public void Answer_MessageOfAServer_IsNotAnswered() => Assert.Null(Proxy.Answer(Message("PXEClient", 7) with { Operation = 2 }, Self, false));

    [Fact]
    public void Encode_Message_IsReadBack()
    {
        var message = Proxy.Answer(Message("PXEClient", 7), Self, false)! with { ClientAddress = IPAddress.Parse("10.0.0.9"), Relay = IPAddress.Parse("10.0.0.8") };
        var bytes = message.Encode();
        Assert.True(bytes.Length >= 300);
        var read = DhcpMessage.TryRead(bytes)!;
        Assert.Equal(message with { Options = read.Options, Hardware = read.Hardware }, read);
        Assert.Equal(message.Options.OrderBy(option => option.Key), read.Options.OrderBy(option => option.Key));
        Assert.Throws<ArgumentException>(() => (message with { File = new string('x', 128) }).Encode());
    }

    [Fact]
    public void TryRead_AnyBytes_NeverThrows()
    {
        var bytes = Message("PXEClient", 7).Encode();
        var random = new Random(1);
        for (var round = 0; round < 5000; round++)
        {
            var changed = bytes[..random.Next(bytes.Length + 1)];
            for (var change = 0; change < 4 && changed.Length > 0; change++)
                changed[random.Next(changed.Length)] = (byte)random.Next(256);
            if (DhcpMessage.TryRead(changed) is { } message)
                _ = Proxy.Answer(message, Self, random.Next(2) == 0)?.Encode();
        }
        Assert.Null(DhcpMessage.TryRead(new byte[2000]));
        // an option that is longer than what is left
        Assert.Null(DhcpMessage.TryRead([.. bytes[..240], 53, 200, 1]));
    }

    [Theory]
    [InlineData("vmlinuz", true)]
    [InlineData("../vmlinuz", false)]
    [InlineData(".hidden", false)]
    [InlineData("sub/file", false)]
    [InlineData("", false)]
    [InlineData("link", false)]
    public void PathOf_OnlyPlainFilesOfTheDirectory(string name, bool isThere)
    {
        File.WriteAllText(Path.Combine(_directory, ".hidden"), "");
        File.CreateSymbolicLink(Path.Combine(_directory, "link"), "/etc/passwd");
        Assert.Equal(isThere, new NetbootOptions { Directory = _directory }.Has(name));
    }

    [Fact]
    public void Script_OfASeed_NamesItAndTheInterface()
    {
        var script = new NetbootOptions { Directory = _directory, CommandLine = "root=stateless:web/stable" }.Script(new IPEndPoint(Self, 8080));
        Assert.Equal(
            "#!ipxe\nkernel vmlinuz initrd=initrd.img BOOTIF=01-${net0/mac:hexhyp} rd.stateless.seed=http://10.0.0.1:8080 root=stateless:web/stable\ninitrd initrd.img\nboot\n",
            script
        );
    }
}
