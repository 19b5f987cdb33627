using System.IO.Compression;
using System.Text;
using StatelessSwarm.Cli.Exits;
using StatelessSwarm.Cli.Tools;
using StatelessSwarm.Swarm.Identities;

namespace StatelessSwarm.Cli.Booting.Initramfs;

/// <summary>
/// A stand-alone initramfs: the agent with all it needs, busybox, modules of one kernel, the trust root. The same input gives
/// the same bytes.
/// </summary>
internal static class InitramfsBuilder
{
    /// <summary>Loaded in every boot; the rest as the machine's devices ask for them.</summary>
    private static readonly string[] Loaded =
    [
        "loop", "squashfs", "erofs", "overlay", "dm-verity", "ext4", "isofs", "af_packet",
        "virtio_pci", "virtio_mmio", "virtio_net", "virtio_blk", "virtio_scsi", "sd_mod",
    ];

    /// <summary>Needed by every boot: without one of them the initramfs is not made.</summary>
    private static readonly string[] Required = ["loop", "squashfs", "overlay"];

    private static readonly string[] Virtual =
    [
        "virtio_pci", "virtio_mmio", "virtio_net", "virtio_blk", "virtio_scsi", "sd_mod", "sr_mod", "isofs", "ata_piix", "ahci", "nvme",
        "xfs", "softdog", "i6300esb", "iTCO_wdt", "xen-netfront", "xen-blkfront", "hv_netvsc", "hv_storvsc", "vmxnet3", "vmw_pvscsi", "e1000", "e1000e",
    ];

    private static readonly string[] MostFolders =
    [
        "kernel/drivers/net/ethernet", "kernel/drivers/net/phy", "kernel/drivers/nvme", "kernel/drivers/ata", "kernel/drivers/usb/host",
        "kernel/drivers/usb/storage", "kernel/drivers/mmc", "kernel/drivers/watchdog",
    ];

    private const UnixFileMode Readable = UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
    private const UnixFileMode Secret = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode Executable = Readable | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    /// <summary>Makes it.</summary>
    /// <returns>Bytes written, and files in it.</returns>
    /// <exception cref="CommandException">Something is missing; names it.</exception>
    /// <exception cref="IOException">A file cannot be read or written.</exception>
    public static async Task<(long Bytes, int Files)> BuildAsync(InitramfsRequest request, ToolLocator tools, CancellationToken cancellation)
    {
        var (agentFiles, missing) = AgentFiles.Of(request.Agent);
        if (missing.Count > 0)
            throw new CommandException(ExitCode.Failed, $"not found on this machine: {string.Join(", ", missing)}");
        var busybox = tools.Find("busybox", "busybox-static");
        if (ElfFile.TryRead(await File.ReadAllBytesAsync(busybox, cancellation)) is { Interpreter: not null })
            throw new CommandException(ExitCode.Failed, $"{busybox}: needs libraries; expected the one of the Debian package busybox-static");
        var applets = await AppletsAsync(busybox, cancellation);
        var modules = KernelModules.Read(request.ModulesDirectory, request.Kernel);
        var (paths, unknown) = modules.Select([.. Loaded, .. Virtual, .. request.Modules], request.HasMostModules ? MostFolders : []);
        if (unknown.Intersect([.. Required, .. request.Modules]).ToList() is { Count: > 0 } absent)
            throw new CommandException(ExitCode.Failed, $"kernel {request.Kernel} has no module {string.Join(", ", absent)}");

        var temporary = request.Output + ".new";
        var files = 0;
        try
        {
            await using (var file = OpenOutput(temporary, isSecret: request.Identity is not null || request.Token is not null))
            await using (var packed = request.IsCompressed ? new GZipStream(file, CompressionLevel.Optimal, leaveOpen: true) : null)
            {
                var archive = new CpioWriter((Stream?)packed ?? file, request.TimeStamp);
                foreach (var directory in (ReadOnlySpan<string>)["dev", "proc", "sys", "run", "tmp", "newroot", "etc", "bin", "sbin", "usr/sbin", "var/lib"])
                    archive.AddDirectory(directory);
                Add("init", Script("init.sh"), Executable);
                Add("bin/busybox", await File.ReadAllBytesAsync(busybox, cancellation), Executable);
                foreach (var applet in applets)
                    archive.AddLink("bin/" + applet, "/bin/busybox");
                Add("usr/bin/stateless", await File.ReadAllBytesAsync(agentFiles[0], cancellation), Executable);
                foreach (var library in agentFiles.Skip(1))
                    Add(library, await File.ReadAllBytesAsync(library, cancellation), Executable);
                Add("etc/stateless/root.mp", await File.ReadAllBytesAsync(request.Trust, cancellation), Readable);
                if (request.Configuration is { } configuration)
                    Add("etc/stateless/node.json", await File.ReadAllBytesAsync(configuration, cancellation), Readable);
                foreach (var name in request.Identity is null ? [] : (string[])[SwarmIdentity.AuthorityFile, SwarmIdentity.CertificateFile, SwarmIdentity.KeyFile])
                    Add("etc/stateless/identity/" + name, await File.ReadAllBytesAsync(Path.Combine(request.Identity!, name), cancellation), Secret);
                if (request.Token is { } token)
                    Add("etc/stateless/enrol.token", await File.ReadAllBytesAsync(token, cancellation), Secret);
                Add("etc/stateless/modules", Text([.. Loaded, .. request.Modules]), Readable);
                await AddModulesAsync();
                archive.Finish();

                void Add(string path, ReadOnlySpan<byte> bytes, UnixFileMode mode)
                {
                    archive.AddFile(path, bytes, mode);
                    files++;
                }

                async Task AddModulesAsync()
                {
                    var folder = $"lib/modules/{request.Kernel}/";
                    foreach (var path in paths)
                        Add(folder + KernelModules.Plain(path), await ReadModuleAsync(Path.Combine(modules.DirectoryPath, path), tools, cancellation), Readable);
                    Add(folder + "modules.dep", Text(modules.DependencyLines(paths)), Readable);
                    foreach (var name in (string[])["modules.alias", "modules.builtin", "modules.softdep", "modules.order"])
                    {
                        var path = Path.Combine(modules.DirectoryPath, name);
                        if (File.Exists(path))
                            Add(folder + name, await File.ReadAllBytesAsync(path, cancellation), Readable);
                    }
                }
            }
            File.Move(temporary, request.Output, overwrite: true);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
        return (new FileInfo(request.Output).Length, files);
    }

    /// <summary>With a secret in it the archive is for its owner only.</summary>
    private static FileStream OpenOutput(string path, bool isSecret)
    {
        File.Delete(path);
        return new FileStream(path, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = isSecret ? Secret : Readable | UnixFileMode.UserWrite });
    }

    /// <summary>A script that is part of this program.</summary>
    public static byte[] Script(string name)
    {
        using var stream =
            typeof(InitramfsBuilder).Assembly.GetManifestResourceStream(name) ?? throw new InvalidOperationException($"{name}: not in this program");
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }

    private static byte[] Text(IEnumerable<string> lines) => Encoding.UTF8.GetBytes(string.Concat(lines.Select(line => line + "\n")));

    private static async Task<IReadOnlyList<string>> AppletsAsync(string busybox, CancellationToken cancellation)
    {
        var text = new StringBuilder();
        await new ToolRun { Program = busybox, Arguments = ["--list"], OnOutput = part => text.Append(part.Span) }.RunAsync(cancellation);
        var applets = text.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(name => name != "busybox").Order(StringComparer.Ordinal).ToList();
        string[] needed = ["sh", "ip", "udhcpc", "findfs", "mount", "modprobe", "switch_root", "cttyhack", "setsid", "find", "sort"];
        if (needed.Except(applets).ToList() is { Count: > 0 } absent)
            throw new CommandException(ExitCode.Failed, $"{busybox}: lacks {string.Join(", ", absent)}");
        return applets;
    }

    // busybox modprobe reads no compressed module
    private static async Task<byte[]> ReadModuleAsync(string path, ToolLocator tools, CancellationToken cancellation)
    {
        var bytes = await File.ReadAllBytesAsync(path, cancellation);
        if (Decompressor.For(bytes) is not { } decompressor)
            return bytes;
        using var plain = new MemoryStream();
        await decompressor.RunAsync(new MemoryStream(bytes), plain, tools, cancellation);
        return plain.ToArray();
    }
}
