using System.Globalization;
using StatelessSwarm.Content.Values;
using StatelessSwarm.Node.Configuration;
using StatelessSwarm.Roots.Booting;

namespace StatelessSwarm.Node.Booting;

/// <summary>
/// Reads <see cref="BootParameters"/> from the kernel's command line. A machine must boot whatever somebody typed: what cannot
/// be understood is a warning and the default. Trust keys are never taken from here: whoever answers a network boot owns the
/// command line.
/// </summary>
public sealed class BootParameterReader
{
    private const string Prefix = "rd.stateless.";

    /// <summary>Tells the next kernel which release it was started for.</summary>
    public const string StartedFor = "stateless.started-for";

    /// <summary>Name, what stands for the value, and what it does: the table in <c>stateless boot parameters</c> and docs/boot.md.</summary>
    public static IReadOnlyList<(string Name, string Placeholder, string Description)> All { get; } =
    [
        ("root", "stateless:PRODUCT/CHANNEL", "What to boot: a channel, or stateless:sha256:DIGEST for one release; stateless alone takes what /etc/stateless/node.json of the initramfs follows."),
        ("boot", "stateless", "Chooses this boot script in an initramfs made by initramfs-tools."),
        (Prefix + "seed", "URL[,URL]", "Seeds in order; default the configuration file's, then the server that DHCP names, port 8080."),
        (Prefix + "peer", "HOST:PORT[,...]", "Peers to ask in any case."),
        (Prefix + "site", "NAME", "Name of the site."),
        (Prefix + "mode", "auto|ram|cache", "Where releases are kept: auto (default) is the cache device when there is one, else memory."),
        (Prefix + "cache", "LABEL=|UUID=|/dev/|none", "Cache device; default LABEL=STATELESS-CACHE."),
        (Prefix + "medium", "LABEL=|UUID=|/dev/", "A medium with a repository (ISO 9660), as stateless boot iso writes it: the release comes from there, with no network."),
        (Prefix + "update", "before|after|no", "When a machine that has a good release looks for a newer one; default before."),
        (Prefix + "update.budget", "TIME", "Longest delay of a boot by that; default 20s."),
        (Prefix + "rw", "overlay|usr-ro", "usr-ro (default): /usr is read-only even to root; overlay: all of the root takes writes, in memory."),
        (Prefix + "tmpfs", "size=,nr_inodes=", "Limits of the memory that takes the writes; default size=25%,nr_inodes=1m."),
        (Prefix + "minmem", "SIZE", "Memory that must stay free beside an image kept in memory; default 256M."),
        (Prefix + "verity", "auto|require|off", "Check of every block that is read, by the kernel (dm-verity); default auto."),
        (Prefix + "tries", "N", "Boots a new release gets before it is bad; default 3."),
        (Prefix + "onfail", "retry|reboot|shell", "When nothing can be booted; default retry, for ever."),
        (Prefix + "onfail.delay", "TIME", "Pause before a restart for that reason; default 5m."),
        (Prefix + "timeout.link", "TIME", "Longest wait for a carrier when a good release is here; default 5s."),
        (Prefix + "timeout.dhcp", "TIME", "Longest wait for an address when a good release is here; default 8s."),
        (Prefix + "timeout.cache", "TIME", "Longest wait for the cache device; default 10s."),
        (Prefix + "timeout.stall", "TIME", "A download without progress for so long begins again; default 30s."),
        (Prefix + "timeout.bless", "TIME", "A new release that is not blessed for so long restarts the machine; default 10m, 0 never."),
        (Prefix + "watchdog", "TIME", "Arms /dev/watchdog until the release is blessed; default 0, left alone."),
        (Prefix + "serve", "yes|no", "Go on serving neighbours after the hand-over; default yes."),
        (Prefix + "kexec", "yes|no", "Start the kernel that a release brings, when another one runs and a cache disk is there; default yes."),
        (Prefix + "debug", "", "More lines on the console."),
        ("stateless.ignore-bad", "1", "Boot a bad release as if it were new, this time."),
        (LoaderEntries.EntryParameter, "DIGEST", "Written into boot loader entries: the release that the loader chose, which is tried first."),
        (StartedFor, "DIGEST,REASON", "Written by the agent when it starts a release's kernel: the boot that is counted already."),
        ("ip", "ADDRESS::GATEWAY:MASK:::none", "A fixed IPv4 address; default DHCP."),
        ("BOOTIF", "01-MAC", "The interface to try first, as PXELINUX and iPXE write it."),
        ("init", "PATH", "First program of the root; default /sbin/init."),
    ];

    private readonly KernelCommandLine _line;
    private readonly List<string> _warnings = [];

    private BootParameterReader(KernelCommandLine line) => _line = line;

    /// <summary>Reads the parameters and what is wrong with them, a line each.</summary>
    public static (BootParameters Parameters, IReadOnlyList<string> Warnings) Read(KernelCommandLine line)
    {
        ArgumentNullException.ThrowIfNull(line);
        var reader = new BootParameterReader(line);
        reader.WarnOfUnknown();
        return (reader.Read(), reader._warnings);
    }

    private BootParameters Read()
    {
        var none = new BootParameters();
        return none with
        {
            Follow = Root(),
            Seeds = [.. Lists("seed").Select(Seed).OfType<Uri>()],
            Peers = [.. Lists("peer")],
            Site = Text("site"),
            Mode = Choice("mode", none.Mode, ("auto", BootMode.Automatic), ("ram", BootMode.Memory), ("cache", BootMode.Cache)),
            Cache = Text("cache") ?? none.Cache,
            Medium = Text("medium"),
            Update = Choice("update", none.Update, ("before", BootUpdate.Before), ("after", BootUpdate.After), ("no", BootUpdate.No)),
            UpdateBudget = Time("update.budget", none.UpdateBudget),
            IsUsrReadOnly = Choice("rw", none.IsUsrReadOnly, ("usr-ro", true), ("overlay", false)),
            TmpfsLimits = Tmpfs(none.TmpfsLimits),
            MinimumMemory = Size("minmem", none.MinimumMemory),
            Verity = Choice("verity", none.Verity, ("auto", VerityUse.WherePossible), ("require", VerityUse.Required), ("off", VerityUse.Off)),
            Tries = Number("tries", none.Tries, 1, BootLedger.MaxTries),
            OnFailure = Choice("onfail", none.OnFailure, ("retry", BootFailure.Retry), ("reboot", BootFailure.Reboot), ("shell", BootFailure.Shell)),
            FailureDelay = Time("onfail.delay", none.FailureDelay),
            LinkTimeout = Time("timeout.link", none.LinkTimeout),
            AddressTimeout = Time("timeout.dhcp", none.AddressTimeout),
            CacheTimeout = Time("timeout.cache", none.CacheTimeout),
            StallTimeout = Time("timeout.stall", none.StallTimeout),
            BlessTimeout = Time("timeout.bless", none.BlessTimeout),
            Watchdog = Time("watchdog", none.Watchdog),
            GoesOnServing = Flag("serve", true),
            StartsKernels = Flag("kexec", true),
            StartedFor = Started(),
            LoaderChoice = _line.Last(LoaderEntries.EntryParameter) is { } entry && Sha256Digest.TryParseHex(entry, out var chosen) ? chosen : null,
            IsVerbose = Flag("debug", false),
            IgnoresBad = _line.Last("stateless.ignore-bad") is "" or "1" or "yes",
            Init = _line.Last("init") is { Length: > 1 } init && init[0] == '/' ? init : none.Init,
            Address = Address(),
            BootInterface = Mac(_line.Last("BOOTIF")),
        };
    }

    private FollowedChannel? Root()
    {
        if (_line.Last("root") is not { } root || root == "stateless" || !root.StartsWith("stateless:", StringComparison.Ordinal))
            return null;
        if (FollowedChannel.TryParse(root["stateless:".Length..], out var follow))
            return follow;
        _warnings.Add($"root={Shown(root)}: expected stateless:PRODUCT/CHANNEL or stateless:sha256:DIGEST");
        return null;
    }

    private (Sha256Digest Release, string Reason)? Started() =>
        _line.Last(StartedFor)?.Split(',') is [var digest, var reason] && Sha256Digest.TryParseHex(digest, out var release) && BootReason.All.Contains(reason)
            ? (release, reason)
            : null;

    private void WarnOfUnknown()
    {
        foreach (var (name, _) in _line.Words)
        {
            if (!name.StartsWith(Prefix, StringComparison.Ordinal) || All.Any(known => known.Name == name))
                continue;
            var nearest = NearestName.Find(name[Prefix.Length..], All.Where(known => known.Name.StartsWith(Prefix, StringComparison.Ordinal)).Select(known => known.Name[Prefix.Length..]));
            _warnings.Add($"{Shown(name)}: unknown parameter" + (nearest is null ? "" : $", did you mean {Prefix}{nearest}?"));
        }
    }

    private Uri? Seed(string text)
    {
        if (
            Uri.TryCreate(text.EndsWith('/') ? text : text + "/", UriKind.Absolute, out var url)
            && (url.Scheme == Uri.UriSchemeHttp || url.Scheme == Uri.UriSchemeHttps)
            && url.Query.Length == 0
        )
            return url;
        _warnings.Add($"{Prefix}seed={Shown(text)}: expected an http or https URL");
        return null;
    }

    private StaticAddress? Address()
    {
        if (_line.Last("ip") is not { } text || text is "dhcp" or "on" or "any" or "both" or "")
            return null;
        var address = StaticAddress.TryParse(text);
        if (address is null)
            _warnings.Add($"ip={Shown(text)}: expected dhcp or ADDRESS::GATEWAY:MASK:HOSTNAME:DEVICE:none");
        return address;
    }

    // 01- is the hardware type, Ethernet
    private static string? Mac(string? text)
    {
        if (text is not { Length: 20 } || !text.StartsWith("01", StringComparison.Ordinal))
            return null;
        var mac = string.Concat(text[3..].Select(letter => letter == '-' ? ':' : char.ToLowerInvariant(letter)));
        return mac.Split(':') is { Length: 6 } parts && parts.All(part => part.Length == 2 && part.All(char.IsAsciiHexDigit)) ? mac : null;
    }

    private string Tmpfs(string fallback)
    {
        if (Text("tmpfs") is not { } text)
            return fallback;
        var limits = fallback.Split(',').Select(limit => limit.Split('=')).ToDictionary(limit => limit[0], limit => limit[1], StringComparer.Ordinal);
        foreach (var limit in text.Split(','))
        {
            if (limit.Split('=') is [("size" or "nr_inodes") and var name, { Length: > 0 } value] && value.All(letter => char.IsAsciiLetterOrDigit(letter) || letter == '%'))
            {
                limits[name] = value;
                continue;
            }
            _warnings.Add($"{Prefix}tmpfs={Shown(text)}: expected size=SIZE and nr_inodes=NUMBER");
            return fallback;
        }
        return string.Join(',', limits.Select(limit => $"{limit.Key}={limit.Value}"));
    }

    private T Choice<T>(string name, T fallback, params ReadOnlySpan<(string Word, T Value)> choices)
    {
        if (Text(name) is not { } text)
            return fallback;
        var words = new List<string>();
        foreach (var (word, value) in choices)
        {
            if (word == text)
                return value;
            words.Add(word);
        }
        Warn(name, text, string.Join(" or ", words));
        return fallback;
    }

    private TimeSpan Time(string name, TimeSpan fallback)
    {
        if (Text(name) is not { } text)
            return fallback;
        if (Duration.TryParse(text, out var time) && time <= TimeSpan.FromDays(1))
            return time;
        Warn(name, text, "a time of at most a day, for example 30s or 5m");
        return fallback;
    }

    private long Size(string name, long fallback)
    {
        if (Text(name) is not { } text)
            return fallback;
        if (ByteSize.TryParse(text, out var bytes))
            return bytes;
        Warn(name, text, "a size, for example 256M");
        return fallback;
    }

    private int Number(string name, int fallback, int minimum, int maximum)
    {
        if (Text(name) is not { } text)
            return fallback;
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= minimum && number <= maximum)
            return number;
        Warn(name, text, $"{minimum} to {maximum}");
        return fallback;
    }

    private bool Flag(string name, bool fallback)
    {
        if (_line.Last(Prefix + name) is not { } text)
            return fallback;
        if (text is "" or "1" or "yes" or "on" or "true")
            return true;
        if (text is "0" or "no" or "off" or "false")
            return false;
        Warn(name, text, "yes or no");
        return fallback;
    }

    private IEnumerable<string> Lists(string name) =>
        _line.All(Prefix + name).SelectMany(text => text.Split(',', StringSplitOptions.RemoveEmptyEntries));

    private string? Text(string name) => _line.Last(Prefix + name) is { Length: > 0 } text ? text : null;

    private void Warn(string name, string text, string expected) => _warnings.Add($"{Prefix}{name}={Shown(text)}: expected {expected}");

    private static string Shown(string text) => text.Length <= 100 ? text : text[..100] + "...";
}
