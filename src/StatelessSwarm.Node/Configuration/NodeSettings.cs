using System.Globalization;
using System.Net;
using System.Text.Json;
using StatelessSwarm.Engine.Limits;
using StatelessSwarm.Node.Limits;

namespace StatelessSwarm.Node.Configuration;

/// <summary>
/// Settings as text, from the configuration file and the command line, the later over the earlier. Every value remembers where it
/// came from, so that an error can say it.
/// </summary>
public sealed class NodeSettings
{
    /// <summary>Most values of a list.</summary>
    public const int MaxValues = 64;

    private readonly Dictionary<string, (string Origin, IReadOnlyList<string> Values)> _values = new(StringComparer.Ordinal);

    /// <summary>Sets a value, replacing an earlier one.</summary>
    /// <param name="name">Name of a <see cref="NodeSetting"/>.</param>
    /// <param name="origin">How an error names it: <c>--port</c>, <c>/etc/stateless/node.json: port</c>.</param>
    /// <param name="values">One value; any number for a list; <c>true</c> or <c>false</c> for a flag.</param>
    /// <exception cref="ConfigurationException">Too many values.</exception>
    public void Set(string name, string origin, params IReadOnlyList<string> values)
    {
        var setting = NodeSetting.Find(name) ?? throw new ArgumentException($"no setting is called {name}", nameof(name));
        if (values.Count > MaxValues)
            throw new ConfigurationException($"{origin}: {values.Count} values, expected at most {MaxValues}");
        if (setting.Kind != NodeSettingKind.Many && values.Count != 1)
            throw new ConfigurationException($"{origin}: expected one value");
        _values[name] = (origin, values);
    }

    /// <summary>True when it was set.</summary>
    public bool Has(string name) => _values.ContainsKey(name);

    /// <summary>Writes the settings as a configuration file: what <see cref="NodeConfigurationFile"/> reads.</summary>
    public void Write(Utf8JsonWriter json)
    {
        ArgumentNullException.ThrowIfNull(json);
        json.WriteStartObject();
        foreach (var (name, (_, values)) in _values.OrderBy(entry => entry.Key, StringComparer.Ordinal))
        {
            switch (NodeSetting.Find(name)!.Kind)
            {
                case NodeSettingKind.Flag:
                    json.WriteBoolean(name, values[0] == "true");
                    break;
                case NodeSettingKind.Many:
                    json.WriteStartArray(name);
                    foreach (var value in values)
                        json.WriteStringValue(value);
                    json.WriteEndArray();
                    break;
                default:
                    json.WriteString(name, values[0]);
                    break;
            }
        }
        json.WriteEndObject();
    }

    /// <summary>State directory, absolute.</summary>
    public string StateDirectory(NodeDefaults defaults) => Path.GetFullPath(Text("state") ?? defaults.StateDirectory);

    /// <summary>Run directory, absolute.</summary>
    public string RunDirectory(NodeDefaults defaults) => Path.GetFullPath(Text("run") ?? defaults.RunDirectory);

    /// <summary>Directory of the mounts, absolute, or null to mount nothing.</summary>
    public string? MountDirectory(NodeDefaults defaults) =>
        Flag("no-mount") ? null : Path.GetFullPath(Text("mount") ?? Path.Combine(RunDirectory(defaults), "mounts"));

    /// <summary>Most bytes written above the image.</summary>
    public long UpperBytes() => Size("upper-size", 256L << 20, minimum: 64 << 10);

    /// <summary>What a node needs, checked.</summary>
    /// <exception cref="ConfigurationException">A value is missing or wrong; names where it was set.</exception>
    public NodeOptions ToOptions(NodeDefaults defaults) =>
        new()
        {
            Server = Server(),
            Follow = Required("follow") is var follow && FollowedChannel.TryParse(follow, out var followed)
                ? followed
                : throw Wrong("follow", "PRODUCT/CHANNEL in lower case, for example web/stable, or sha256:DIGEST of a release"),
            TrustPath = Path.GetFullPath(Required("trust")),
            IdentityDirectory =
                Text("identity") is { Length: > 0 } identity ? Path.GetFullPath(identity)
                : Text("enrol-token") is not null ? Path.Combine(StateDirectory(defaults), "identity")
                : null,
            EnrolmentTokenPath = Text("enrol-token") is { Length: > 0 } token ? Path.GetFullPath(token) : null,
            StateDirectory = StateDirectory(defaults),
            RunDirectory = RunDirectory(defaults),
            MountDirectory = MountDirectory(defaults),
            Port = Port(),
            ListenAddresses = List("listen", text => IPAddress.TryParse(text, out var address) ? address : null, "an IP address")
                is { Count: > 0 } addresses ? addresses : [IPAddress.IPv6Any],
            Site = Site(),
            SiteNetworks = Networks(),
            PollInterval = Time("poll-interval", TimeSpan.FromMinutes(1), TimeSpan.FromSeconds(1), TimeSpan.FromDays(1)),
            StallTimeout = Time("stall-timeout", TimeSpan.FromMinutes(5), TimeSpan.FromSeconds(5), TimeSpan.FromDays(1)),
            UseMulticastDns = !Flag("no-mdns"),
            Peers = List("peer", ParsePeer, "HOST:PORT"),
            UpperBytes = UpperBytes(),
            UploadBytesPerSecond = Size("upload-limit", 0, minimum: 0),
            Limits = Limits(),
            WanHours = List("wan-hours", Node.Limits.WanHours.TryParse, Node.Limits.WanHours.Expected),
            IsBackground = Text("wan-mode") switch
            {
                null or "background" => true,
                "normal" => false,
                _ => throw Wrong("wan-mode", "background or normal"),
            },
            Activation = Text("activate") switch
            {
                null or "now" => ActivationPolicy.Now,
                "next" => ActivationPolicy.Next,
                _ => throw Wrong("activate", "now or next"),
            },
            ControlGroup = Text("control-group"),
        };

    private TransferLimits Limits()
    {
        var limits = TransferLimits.None;
        foreach (var name in LimitNames.All)
        {
            var option = LimitNames.OptionOf(name);
            if (name == LimitName.Upload || Text(option) is not { } text)
                continue;
            limits = LimitRate.TryParse(text, out var rate) ? LimitNames.With(limits, name, rate) : throw Wrong(option, LimitRate.Expected);
        }
        return limits;
    }

    private Uri Server()
    {
        var text = Required("server");
        if (!Uri.TryCreate(text.EndsWith('/') ? text : text + "/", UriKind.Absolute, out var url)
            || (url.Scheme != Uri.UriSchemeHttp && url.Scheme != Uri.UriSchemeHttps)
            || url.Query.Length > 0
            || url.Fragment.Length > 0)
            throw Wrong("server", "an http or https URL, for example http://seed.example:8080");
        return url;
    }

    private int Port() =>
        Text("port") switch
        {
            null => 6881,
            var text => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port <= ushort.MaxValue
                ? port
                : throw Wrong("port", $"0 to {ushort.MaxValue}"),
        };

    private string Site()
    {
        var site = Text("site") ?? "";
        return site.Length <= 64 && !site.Any(char.IsControl) ? site : throw Wrong("site", "at most 64 characters");
    }

    private List<IPNetwork> Networks()
    {
        var networks = new List<IPNetwork>();
        foreach (var text in Values("site-network"))
            networks.Add(IPNetwork.TryParse(text, out var network) ? network : throw Wrong("site-network", "a network, for example 10.1.0.0/16"));
        return networks;
    }

    private static DnsEndPoint? ParsePeer(string text)
    {
        var colon = text.LastIndexOf(':');
        if (colon < 1 || !ushort.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port) || port == 0)
            return null;
        var host = text[..colon];
        if (host is ['[', .., ']'])
            host = host[1..^1];
        else if (host.Contains(':', StringComparison.Ordinal))
            return null;
        return Uri.CheckHostName(host) == UriHostNameType.Unknown ? null : new DnsEndPoint(host, port);
    }

    private TimeSpan Time(string name, TimeSpan fallback, TimeSpan minimum, TimeSpan maximum)
    {
        if (Text(name) is not { } text)
            return fallback;
        if (Duration.TryParse(text, out var time) && time >= minimum && time <= maximum)
            return time;
        throw Wrong(name, $"a time from {minimum.TotalSeconds:0}s to {maximum.TotalHours:0}h, for example 30s or 5m");
    }

    private long Size(string name, long fallback, long minimum)
    {
        if (Text(name) is not { } text)
            return fallback;
        return ByteSize.TryParse(text, out var bytes) && bytes >= minimum
            ? bytes
            : throw Wrong(name, $"a size of at least {minimum} bytes, for example 512M");
    }

    private List<T> List<T>(string name, Func<string, T?> parse, string expected)
        where T : class => [.. Values(name).Select(text => parse(text) ?? throw Wrong(name, expected))];

    private bool Flag(string name) =>
        Text(name) switch
        {
            null or "false" => false,
            "true" => true,
            _ => throw Wrong(name, "true or false"),
        };

    private string Required(string name) =>
        Text(name) is { Length: > 0 } text
            ? text
            : throw new ConfigurationException($"--{name} is missing: {NodeSetting.Find(name)!.Description}");

    /// <summary>The last value of a setting, or null.</summary>
    internal string? Text(string name) => _values.TryGetValue(name, out var entry) ? entry.Values[0] : null;

    private IReadOnlyList<string> Values(string name) => _values.TryGetValue(name, out var entry) ? entry.Values : [];

    private ConfigurationException Wrong(string name, string expected)
    {
        var (origin, values) = _values[name];
        var shown = string.Join(' ', values);
        return new ConfigurationException($"{origin} {(shown.Length > 100 ? shown[..100] + "..." : shown)}: expected {expected}");
    }
}
