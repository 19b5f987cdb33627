using System.Buffers.Binary;
using System.Net;
using System.Text;

namespace StatelessSwarm.Seed.Netboot;

/// <summary>
/// What a proxy DHCP server says beside the site's own DHCP server, which gives the addresses (PXE specification 2.1, section 2.2.5; UEFI
/// 2.10, section 24.7 for HTTP boot): a boot file, to clients that call themselves <c>PXEClient</c> or <c>HTTPClient</c>, and nothing to
/// anybody else. A pure function of the message.
/// </summary>
/// <param name="options">What is served.</param>
internal sealed class ProxyDhcp(NetbootOptions options)
{
    private const byte MessageType = 53;
    private const byte ServerIdentifier = 54;
    private const byte ClassIdentifier = 60;
    private const byte VendorOptions = 43;
    private const byte UserClass = 77;
    private const byte Architecture = 93;
    private const byte ClientIdentifier = 97;
    private const byte IpxeOptions = 175;

    private const string PxeClass = "PXEClient";
    private const string HttpClass = "HTTPClient";

    private const byte Discover = 1;
    private const byte Offer = 2;
    private const byte Request = 3;
    private const byte Acknowledge = 5;

    /// <summary>PXE_DISCOVERY_CONTROL with bit 3: use the boot file of this very message, look no further.</summary>
    private static readonly byte[] UseThisFile = [6, 1, 8, 255];

    /// <summary>The answer to a client's message, or null when there is nothing to say.</summary>
    /// <param name="message">What came.</param>
    /// <param name="self">The server's address on the client's network.</param>
    /// <param name="isBootServer">It came to port 4011, where clients ask a boot server.</param>
    public DhcpMessage? Answer(DhcpMessage message, IPAddress self, bool isBootServer)
    {
        if (!Concerns(message, isBootServer))
            return null;
        var isHttp = ClassOf(message).StartsWith(HttpClass, StringComparison.Ordinal);
        if (FileFor(message, isHttp, self) is not { } file)
            return null;
        var answers = new Dictionary<byte, byte[]>
        {
            [MessageType] = [isBootServer ? Acknowledge : Offer],
            [ServerIdentifier] = self.GetAddressBytes(),
            [ClassIdentifier] = Encoding.ASCII.GetBytes(isHttp ? HttpClass : PxeClass),
        };
        if (!isHttp)
            answers[VendorOptions] = UseThisFile;
        if (message.Options.TryGetValue(ClientIdentifier, out var id))
            answers[ClientIdentifier] = id;
        return new DhcpMessage
        {
            Operation = 2,
            Transaction = message.Transaction,
            Flags = message.Flags,
            ClientAddress = message.ClientAddress,
            NextServer = self,
            Relay = message.Relay,
            Hardware = message.Hardware,
            File = file,
            Options = answers,
        };
    }

    /// <summary>True for a message that may get an answer: all others on a network cost nothing more.</summary>
    public static bool Concerns(DhcpMessage message, bool isBootServer) =>
        message.Operation == 1
        && message.Options.TryGetValue(MessageType, out var kind)
        && kind.Length == 1
        && kind[0] == (isBootServer ? Request : Discover)
        && ClassOf(message) is var name
        && (name.StartsWith(HttpClass, StringComparison.Ordinal) || name.StartsWith(PxeClass, StringComparison.Ordinal));

    private static string ClassOf(DhcpMessage message) =>
        message.Options.TryGetValue(ClassIdentifier, out var bytes) ? Encoding.Latin1.GetString(bytes) : "";

    private string? FileFor(DhcpMessage message, bool isHttp, IPAddress self)
    {
        // iPXE, in ROM or loaded by us: it speaks HTTP and takes a script
        if (message.Options.ContainsKey(IpxeOptions) || (message.Options.TryGetValue(UserClass, out var user) && user.AsSpan().IndexOf("iPXE"u8) >= 0))
            return UrlOf(self, NetbootOptions.ScriptName);
        var architecture = message.Options.TryGetValue(Architecture, out var code) && code.Length >= 2 ? BinaryPrimitives.ReadUInt16BigEndian(code) : (ushort)0;
        // IANA's processor architecture types
        var loader = architecture switch
        {
            0 => NetbootOptions.BiosLoader,
            6 or 7 or 9 or 15 or 16 => NetbootOptions.EfiLoader,
            11 or 19 => NetbootOptions.Arm64Loader,
            _ => null,
        };
        if (isHttp && options.Has(NetbootOptions.UnifiedImage))
            return UrlOf(self, NetbootOptions.UnifiedImage);
        if (loader is null || !options.Has(loader))
            return null;
        return isHttp ? UrlOf(self, loader) : loader;
    }

    private string UrlOf(IPAddress self, string name) => $"http://{self}:{options.HttpPort}/{NetbootOptions.UrlPrefix}{name}";
}
