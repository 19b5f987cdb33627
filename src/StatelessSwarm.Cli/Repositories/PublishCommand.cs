using System.CommandLine;
using StatelessSwarm.Cli.Commands;
using StatelessSwarm.Cli.Exits;
using StatelessSwarm.Cli.Keys;
using StatelessSwarm.Cli.Terminals;
using StatelessSwarm.Cli.Units;
using StatelessSwarm.Trust.Repositories;

namespace StatelessSwarm.Cli.Repositories;

/// <summary><c>stateless publish</c></summary>
internal static class PublishCommand
{
    /// <summary>The command.</summary>
    public static Command Create(CommandContext context)
    {
        var repo = new Option<string>("--repo") { HelpName = "DIR", Description = "Repository.", Required = true };
        var product = new Option<string>("--product") { HelpName = "NAME", Description = "Image line, for example web.", Required = true };
        var version = new Option<string>("--version") { HelpName = "TEXT", Description = "Version for people.", Required = true };
        var root = new Option<string>("--root") { HelpName = "FILE", Description = "Image, squashfs or erofs.", Required = true };
        var kernel = new Option<string?>("--kernel") { HelpName = "FILE", Description = "Linux kernel." };
        var initrd = new Option<string?>("--initrd") { HelpName = "FILE", Description = "Initial RAM disk." };
        var channels = new Option<string[]>("--channel") { HelpName = "NAME", Description = "Channel to point at the release; may be given several times." };
        var keys = KeyFiles.CreateOption();
        var build = new Option<long?>("--build") { HelpName = "N", Description = "Build number; default one more than the product's highest." };
        var days = ChannelLifetime.CreateOption();
        var announce = new Option<string[]>("--announce") { HelpName = "URL", Description = "Tracker written into the torrent, for other clients." };
        var webSeed = new Option<string[]>("--web-seed") { HelpName = "URL", Description = "Web seed (BEP 19) written into the torrent, for nodes and other clients." };
        var json = JsonOption.Create();
        var command = new ToolCommand(
            "publish",
            "Publishes a release and points channels at it.",
            "stateless publish --repo repo/ --product web --version 1.0 --root root.squashfs --channel stable --key release.key"
        )
        {
            repo, product, version, root, kernel, initrd, channels, keys, build, days, announce, webSeed, json,
        };
        command.SetAction(
            async (result, cancellation) =>
            {
                var lifetime = ChannelLifetime.Read(result, days);
                var request = new PublishRequest
                {
                    Product = result.GetRequiredValue(product),
                    Version = result.GetRequiredValue(version),
                    Build = result.GetValue(build),
                    RootPath = Existing(result.GetRequiredValue(root)),
                    KernelPath = result.GetValue(kernel) is { } kernelPath ? Existing(kernelPath) : null,
                    InitrdPath = result.GetValue(initrd) is { } initrdPath ? Existing(initrdPath) : null,
                    Channels = result.GetValue(channels) ?? [],
                    ChannelLifetime = lifetime,
                    Trackers = result.GetValue(announce) ?? [],
                    WebSeeds = result.GetValue(webSeed) ?? [],
                };
                var signers = KeyFiles.Load(context, result.GetRequiredValue(keys));
                var repository = RepositoryCommands.Open(result.GetRequiredValue(repo), context);
                var total = new[] { request.RootPath, request.KernelPath, request.InitrdPath }
                    .OfType<string>()
                    .Sum(path => new FileInfo(path).Length);
                var published = await context.Progress.RunAsync(
                    $"publishing {request.Product} {request.Version}",
                    progress => repository.PublishAsync(request, signers, new ByteProgress(progress, total), cancellation)
                );
                if (result.GetValue(json))
                    JsonOption.Write(
                        context.Terminal.Out,
                        writer => ReleaseJson.Write(writer, published.Digest, published.Manifest)
                    );
                else
                    await context.Terminal.Out.WriteLineAsync(
                        $"{published.Manifest.Product} {published.Manifest.Version} build {published.Manifest.Build}: "
                            + $"{published.Digest}, {ByteCount.Format(published.Manifest.TotalBytes)}"
                            + (request.Channels.Count > 0 ? $", channel {string.Join(", ", request.Channels)}" : "")
                    );
                return (int)ExitCode.Done;
            }
        );
        return command;
    }

    private static string Existing(string path) =>
        File.Exists(path) ? path : throw new CommandException(ExitCode.Nothing, $"{path}: no such file");
}
